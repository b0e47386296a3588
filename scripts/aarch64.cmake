# SPDX-License-Identifier: MIT
# Toolchain: Debian's AArch64 cross compiler, with the libraries that
# scripts/aarch64-sysroot unpacked.  Tests run under qemu-user.
#   scripts/aarch64-sysroot DIR
#   cmake -DCMAKE_TOOLCHAIN_FILE=scripts/aarch64.cmake -DUNLOADBENCH_SYSROOT=DIR
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# try_compile reads this file too.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES UNLOADBENCH_SYSROOT)
set(UNLOADBENCH_SYSROOT "" CACHE PATH "what scripts/aarch64-sysroot unpacked")
if(NOT EXISTS ${UNLOADBENCH_SYSROOT}/.complete)
	message(FATAL_ERROR "-DUNLOADBENCH_SYSROOT=DIR wants a directory that "
		"scripts/aarch64-sysroot DIR has filled")
endif()
get_filename_component(sysroot ${UNLOADBENCH_SYSROOT} ABSOLUTE)

# The C library is the cross compiler's own: no CMAKE_SYSROOT.
set(CMAKE_FIND_ROOT_PATH ${sysroot} /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
include_directories(SYSTEM ${sysroot}/usr/include
	${sysroot}/usr/include/aarch64-linux-gnu)
set(libdir ${sysroot}/usr/lib/aarch64-linux-gnu)
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR} ${libdir}/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${sysroot})
foreach(kind EXE SHARED MODULE)
	set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${libdir} -Wl,-rpath-link,${libdir}")
endforeach()

set(UNLOADBENCH_EMULATOR
	qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=${libdir}
	CACHE STRING "runs a cross-built program (qemu-user)")
