# SPDX-License-Identifier: MIT
# Writes build_info.h: which source, compiler and flags a binary came from.
# Run at build time, so that the commit is the one that was built.
set(commit "unknown")
set(dirty -1)
if(GIT AND EXISTS ${SOURCE_DIR}/.git)
	execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} rev-parse HEAD
		OUTPUT_VARIABLE head RESULT_VARIABLE failed
		OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
	if(NOT failed)
		set(commit ${head})
		execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} status --porcelain
			OUTPUT_VARIABLE changes ERROR_QUIET)
		set(dirty 0)
		if(changes)
			set(dirty 1)
		endif()
	endif()
endif()
set(text "/* SPDX-License-Identifier: MIT */
/* Made by scripts/build-info.cmake.  dirty: 1, 0 or -1 for unknown. */
#define BUILD_VERSION	\"${VERSION}\"
#define BUILD_COMMIT	\"${commit}\"
#define BUILD_DIRTY	(${dirty})
#define BUILD_COMPILER	\"${COMPILER}\"
#define BUILD_FLAGS	\"${FLAGS}\"
#define BUILD_TYPE	\"${TYPE}\"
#define BUILD_BENCHMARK	\"${BENCHMARK_VERSION}\"
#define BUILD_LIBDIR	\"${LIBDIR}\"
#define BUILD_DATADIR	\"${DATADIR}\"
#define BUILD_URCU	\"${URCU_VERSION}\"
#define BUILD_HWLOC	\"${HWLOC_VERSION}\"
#define BUILD_JANSSON	\"${JANSSON_VERSION}\"
")
set(old "")
if(EXISTS ${OUT})
	file(READ ${OUT} old)
endif()
if(NOT old STREQUAL text)
	file(WRITE ${OUT} "${text}")
endif()
