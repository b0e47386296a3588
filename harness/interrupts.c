/* SPDX-License-Identifier: MIT */
/*
 * interrupts.c: reading /proc/interrupts, often and cheaply.
 *
 * Idea.  The header names the CPU of each column; a row's numbers are walked
 *	  in step with it, so that nothing is allocated.
 * Owns.  The file and its buffer, in the caller's struct.
 * Never. Guesses: a row that ends early is an error.
 */
#include "harness/interrupts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const descriptions[INTERRUPT_KINDS] = {
	[INTERRUPT_CALL] = "Function call interrupts",
	[INTERRUPT_RESCHEDULE] = "Rescheduling interrupts",
	[INTERRUPT_TLB] = "TLB shootdowns",
};

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

static size_t line_length(const char *at)
{
	return strcspn(at, "\n");
}

/* The kind of a row, or INTERRUPT_KINDS.  Device rows have a number for a
 * label and may call themselves what they like. */
static enum interrupt_kind kind_of(const char *row)
{
	size_t length = line_length(row);

	if (isdigit((unsigned char)*skip_blanks(row)))
		return INTERRUPT_KINDS;
	while (length && isspace((unsigned char)row[length - 1]))
		length--;
	for (int kind = 0; kind < INTERRUPT_KINDS; kind++) {
		size_t n = strlen(descriptions[kind]);

		if (length > n &&
		    !strncmp(row + length - n, descriptions[kind], n))
			return (enum interrupt_kind)kind;
	}
	return INTERRUPT_KINDS;
}

/* The next "CPU12" of the header; false at its end. */
static bool next_cpu(const char **header, size_t *ret_cpu)
{
	const char *at = skip_blanks(*header);
	char *end;

	if (strncmp(at, "CPU", 3) || !isdigit((unsigned char)at[3]))
		return false;
	*ret_cpu = strtoul(at + 3, &end, 10);
	*header = end;
	return true;
}

static int parse_row(const char *header, const char *row,
		     enum interrupt_kind kind, struct interrupts *ret)
{
	const char *at = memchr(row, ':', line_length(row));
	size_t cpu;

	if (!at)
		return -EINVAL;
	at++;
	while (next_cpu(&header, &cpu)) {
		uint64_t n;
		char *end;

		at = skip_blanks(at);
		if (!isdigit((unsigned char)*at))
			return -EINVAL;
		n = strtoull(at, &end, 10);
		at = end;
		ret->sum[kind] += n;
		if (cpu < ret->n_cpus)
			ret->per_cpu[cpu][kind] = n;
	}
	ret->known[kind] = true;
	return 0;
}

static int parse_rows(const char *text, struct interrupts *ret)
{
	const char *row = text + line_length(text);
	bool any = false;

	while (*row) {
		enum interrupt_kind kind = kind_of(++row);
		int err = 0;

		if (kind != INTERRUPT_KINDS) {
			err = parse_row(text, row, kind, ret);
			any = true;
		}
		if (err)
			return err;
		row += line_length(row);
	}
	return any ? 0 : -ENOENT;
}

int interrupts_parse(const char *text, struct interrupts *ret)
{
	struct interrupts now = { .n_cpus = ret->n_cpus,
				  .per_cpu = ret->per_cpu };
	const char *header = text;
	size_t cpu;
	int err;

	if (!next_cpu(&header, &cpu))
		return -EINVAL;
	err = parse_rows(text, &now);
	if (!err)
		*ret = now;
	return err;
}

/* The whole file, however the kernel cuts it into pieces. */
static int read_text(struct interrupts_file *f)
{
	size_t length = 0;

	for (;;) {
		ssize_t n;

		if (length + 1 >= f->size_bytes) {
			char *text = realloc(f->text, 2 * f->size_bytes);

			if (!text)
				return -ENOMEM;
			f->text = text;
			f->size_bytes *= 2;
		}
		n = pread(f->fd, f->text + length, f->size_bytes - length - 1,
			  (off_t)length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	f->text[length] = '\0';
	return 0;
}

int interrupts_read(struct interrupts_file *f, struct interrupts *ret)
{
	int err = read_text(f);

	return err ? err : interrupts_parse(f->text, ret);
}

int interrupts_open(const char *path, struct interrupts_file *ret,
		    const char **why)
{
	struct interrupts_file f = { .size_bytes = 16384 };
	struct interrupts first = { 0 };
	int err;

	f.fd = open(path ? path : "/proc/interrupts", O_RDONLY | O_CLOEXEC);
	if (f.fd < 0) {
		err = -errno;
		*why = "/proc/interrupts cannot be opened";
		return err;
	}
	f.text = malloc(f.size_bytes);
	err = f.text ? interrupts_read(&f, &first) : -ENOMEM;
	if (err) {
		*why = err == -ENOENT
			       ? "/proc/interrupts counts no calls between CPUs"
			       : "/proc/interrupts cannot be understood";
		interrupts_close(&f);
		return err;
	}
	*ret = f;
	return 0;
}

void interrupts_close(struct interrupts_file *f)
{
	close(f->fd);
	free(f->text);
	f->fd = -1;
	f->text = NULL;
}
