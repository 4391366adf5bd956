// SPDX-License-Identifier: GPL-2.0
/*
 * textfuzz [OPTION...] SEED SECONDS DIRECTORY
 *
 * Writes texts to the attributes in DIRECTORY: those of a corpus, changed a little at
 * random. What a driver does with a text that it has not done before is seen by gcov's
 * counters, if the kernel has them: such a text joins the corpus, and is changed further.
 *
 * A text that is refused must have changed nothing: what all attributes read as is looked
 * at before and after. The same seed gives the same texts, on a kernel without counters.
 *
 *  -c FILE   the corpus: lines of an attribute's name, a blank and a text, in which \n is a
 *            new line, \\ a backslash and \xNN any byte
 *  -g PART   whose counters: those of object files with this part in their path
 *  -i NAMES  these attributes only, with commas between; -x NAMES: all but these
 *  -p NAMES  of these a refused text may take effect in part
 *  -a FILE TEXT
 *            after each text, write TEXT to FILE; four times at most, in this order. If
 *            that is refused, the attribute is set to what it was before
 *  -n COUNT  end after so many texts, but not before those of the corpus
 *  -o FILE   write what joined the corpus there
 *  -s        show each text before it is written
 *
 * SECONDS begin when each text of the corpus was tried as it is.
 *
 * Prints how many texts were taken and refused, how many joined the corpus, and the number
 * of counters that are not zero. Exits with 1 if a refused text changed something.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chance.h"

#define GCOV_DIR	"/sys/kernel/debug/gcov"
#define MAX_ATTRS	128
#define MAX_TEXTS	8192
#define MAX_COUNTERS	256
#define MAX_AFTER	4
#define TEXT_BYTES	4095	/* no attribute takes more at once */

struct text {
	int attr;
	int len;
	unsigned char *bytes;
};

struct counters {
	char *path;
	uint32_t *words;
	size_t nr;
};

static char *attrs[MAX_ATTRS];
static int nr_attrs;
static struct text texts[MAX_TEXTS];
static int nr_texts, nr_begin;
static struct counters counters[MAX_COUNTERS];
static int nr_counters;
static const char *gcov_part, *only, *without, *partly;
static char *after[2 * MAX_AFTER];
static int nr_after, dir_fd, shows;
static unsigned long taken, refused, taken_back, limit, covered;
static time_t end;

static void die(const char *what)
{
	fprintf(stderr, "textfuzz: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- the corpus ------------------------------------------------------------ */

static int find_attr(const char *name, size_t len)
{
	int i;

	for (i = 0; i < nr_attrs; i++) {
		if (strlen(attrs[i]) == len && !memcmp(attrs[i], name, len))
			return i;
	}
	return -1;
}

static void add_text(int attr, const unsigned char *bytes, int len)
{
	if (nr_texts == MAX_TEXTS)
		return;
	texts[nr_texts].attr = attr;
	texts[nr_texts].len = len;
	texts[nr_texts].bytes = malloc(len + 1);
	if (!texts[nr_texts].bytes)
		die("memory");
	memcpy(texts[nr_texts++].bytes, bytes, len);
}

static int unescape(const char *from, unsigned char *to)
{
	int len = 0;
	unsigned int byte;

	for (; *from && *from != '\n' && len < TEXT_BYTES; from++) {
		if (*from != '\\') {
			to[len++] = *from;
		} else if (from[1] == 'n') {
			to[len++] = '\n';
			from++;
		} else if (from[1] == 'x' && sscanf(from + 2, "%2x", &byte) == 1) {
			to[len++] = byte;
			from += 3;
		} else if (from[1]) {
			to[len++] = *++from;
		}
	}
	return len;
}

static void print_text(FILE *to, int attr, const unsigned char *bytes, int len)
{
	int i;

	fprintf(to, "%s ", attrs[attr]);
	for (i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			fputs("\\n", to);
		else if (bytes[i] == '\\')
			fputs("\\\\", to);
		else if (bytes[i] < ' ' || bytes[i] > '~')
			fprintf(to, "\\x%02x", bytes[i]);
		else
			fputc(bytes[i], to);
	}
	fputc('\n', to);
}

static void read_corpus(const char *path)
{
	static unsigned char bytes[TEXT_BYTES + 1];
	static char line[4 * TEXT_BYTES];
	FILE *file = fopen(path, "r");
	char *blank;
	int attr;

	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file)) {
		blank = strchr(line, ' ');
		if (!blank || *line == '#')
			continue;
		attr = find_attr(line, blank - line);
		if (attr >= 0)
			add_text(attr, bytes, unescape(blank + 1, bytes));
	}
	fclose(file);
}

/* --- attributes ------------------------------------------------------------ */

static int is_in(const char *names, const char *name)
{
	size_t len = strlen(name);
	const char *at = names;

	while (at && (at = strstr(at, name))) {
		if ((at == names || at[-1] == ',') && (!at[len] || at[len] == ','))
			return 1;
		at++;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_attrs(const char *path)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		die(path);
	dir_fd = dirfd(dir);
	while ((entry = readdir(dir)) && nr_attrs < MAX_ATTRS) {
		if (fstatat(dir_fd, entry->d_name, &st, 0) || !S_ISREG(st.st_mode) ||
		    !(st.st_mode & 0200) || (only && !is_in(only, entry->d_name)) ||
		    is_in(without, entry->d_name))
			continue;
		attrs[nr_attrs++] = strdup(entry->d_name);
	}
	qsort(attrs, nr_attrs, sizeof(*attrs), by_name);
}

static ssize_t read_attr(int attr, char *to)
{
	int fd = openat(dir_fd, attrs[attr], O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return 0;
	len = read(fd, to, TEXT_BYTES);
	close(fd);
	return len;
}

/* What all of them read as; what cannot be read is empty. */
static char *read_all(void)
{
	char *all = malloc(nr_attrs * (TEXT_BYTES + 1) + 1), *to = all;
	int i;
	ssize_t len;

	if (!all)
		die("memory");
	for (i = 0; i < nr_attrs; i++) {
		len = read_attr(i, to);
		if (len > 0)
			to += len;
		*to++ = 0;
	}
	*to = 0;
	return all;
}

static int attr_changed(const char *before, const char *now)
{
	int i;

	for (i = 0; i < nr_attrs; i++) {
		if (strcmp(before, now))
			return i;
		before += strlen(before) + 1;
		now += strlen(now) + 1;
	}
	return -1;
}

/* What takes a part of a text is given the rest. Returns 0 if it was refused. */
static int write_file(int dir, const char *path, const char *bytes, size_t len)
{
	int fd = openat(dir, path, O_WRONLY);
	ssize_t done;

	if (fd < 0)
		return 0;
	do {
		done = write(fd, bytes, len);
		if (done > 0) {
			bytes += done;
			len -= done;
		}
	} while (done > 0 && len);
	close(fd);
	return done >= 0;
}

/* Writes what comes after each text. What it cannot come after is taken back. */
static void write_after(int attr, const char *was, ssize_t len)
{
	int i;

	for (i = 0; i < nr_after; i += 2) {
		if (write_file(AT_FDCWD, after[i], after[i + 1], strlen(after[i + 1])))
			continue;
		taken_back++;
		if (len > 0)
			write_file(dir_fd, attrs[attr], was, len);
	}
}

/* Returns 0 if a refused text changed something. */
static int try_text(int attr, const unsigned char *bytes, int len)
{
	static char was[TEXT_BYTES];
	ssize_t was_len = nr_after ? read_attr(attr, was) : 0;
	char *before, *now;
	int changed = -1;

	before = is_in(partly, attrs[attr]) ? NULL : read_all();

	if (shows) {
		print_text(stdout, attr, bytes, len);
		fflush(stdout);
	}
	if (write_file(dir_fd, attrs[attr], (const char *)bytes, len)) {
		taken++;
	} else {
		refused++;
		now = before ? read_all() : NULL;
		if (before)
			changed = attr_changed(before, now);
		free(now);
	}
	free(before);
	write_after(attr, was, was_len);
	if (changed < 0)
		return 1;
	printf("refused, but %s changed by: ", attrs[changed]);
	print_text(stdout, attr, bytes, len);
	return 0;
}

/* --- what ran -------------------------------------------------------------- */

static int find_counters(const char *path, const struct stat *st, int type, struct FTW *unused)
{
	size_t len = strlen(path);

	if (type == FTW_F && len > 5 && !strcmp(path + len - 5, ".gcda") &&
	    strstr(path, gcov_part) && !strstr(path, "/tests/") && nr_counters < MAX_COUNTERS)
		counters[nr_counters++].path = strdup(path);
	return 0;
}

/*
 * How many counters are not zero that were. Nothing else in such a file changes, and its
 * length stays, so what is a counter need not be known.
 */
static unsigned long look_at(struct counters *these)
{
	static uint32_t words[1 << 16];
	unsigned long more = 0;
	size_t nr = 0, i;
	ssize_t len;
	int fd;

	fd = open(these->path, O_RDONLY);
	if (fd < 0)
		return 0;
	while (nr < sizeof(words) &&
	       (len = read(fd, (char *)words + nr, sizeof(words) - nr)) > 0)
		nr += len;
	close(fd);
	nr /= sizeof(*words);
	if (nr != these->nr) {
		free(these->words);
		these->words = calloc(nr + 1, sizeof(*words));
		if (!these->words)
			die("memory");
		these->nr = nr;
	}
	for (i = 0; i < nr; i++) {
		more += !these->words[i] && words[i];
		these->words[i] |= words[i];
	}
	return more;
}

static unsigned long look(void)
{
	unsigned long more = 0;
	int i;

	for (i = 0; i < nr_counters; i++)
		more += look_at(&counters[i]);
	covered += more;
	return more;
}

/* --- changes --------------------------------------------------------------- */

static const char *const pieces[] = {
	"0", "1", "-1", "2", "255", "256", "4096", "65535", "65536", "2147483647", "2147483648",
	"4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
	"18446744073709551615", "18446744073709551616", "0x10", "1e9", "99.5", "\n", "\n\n", " ",
	",", "=", "-", "+", "/", ":", ".", "..", "%s", "%n", "\xff", "all", "off", "on", "end",
};

static int put_in(unsigned char *text, int len, int at, const void *bytes, int more)
{
	if (len + more > TEXT_BYTES)
		more = TEXT_BYTES - len;
	memmove(text + at + more, text + at, len - at);
	memcpy(text + at, bytes, more);
	return len + more;
}

static int take_out(unsigned char *text, int len, int at, int less)
{
	if (less > len - at)
		less = len - at;
	memmove(text + at, text + at + less, len - at - less);
	return len - less;
}

static int is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

/* Another number in the place of one. */
static int change_number(unsigned char *text, int len)
{
	int at = len ? below(len) : 0, end;
	const char *piece = pieces[below(18)];

	while (at < len && !is_digit(text[at]))
		at++;
	while (at && at < len && is_digit(text[at - 1]))
		at--;
	for (end = at; end < len && is_digit(text[end]); end++)
		;
	len = take_out(text, len, at, end - at);
	return put_in(text, len, at, piece, strlen(piece));
}

static int change(unsigned char *text, int len)
{
	static unsigned char again[TEXT_BYTES];
	const struct text *other = &texts[below(nr_texts)];
	const char *piece = pieces[below(sizeof(pieces) / sizeof(pieces[0]))];
	int at = len ? below(len) : 0;
	unsigned char byte = chance();

	switch (below(9)) {
	case 0:
		if (len)
			text[at] ^= 1 << below(8);
		return len;
	case 1:
		return put_in(text, len, at, &byte, 1);
	case 2:
		return take_out(text, len, at, 1 + below(8));
	case 3:
		return put_in(text, len, at, piece, strlen(piece));
	case 4:	/* a part of it again */
		memcpy(again, text + at, len - at);
		return put_in(text, len, at, again, len - at);
	case 5:
		return put_in(text, len, at, other->bytes, other->len);
	case 6:
		return len ? at : 0;
	default:
		return change_number(text, len);
	}
}

static int goes_on(void)
{
	return time(NULL) < end && (!limit || taken + refused < limit);
}

static int fuzz(void)
{
	static unsigned char text[2 * TEXT_BYTES];
	const struct text *from;
	int attr, len, i, good = 1;

	while (goes_on()) {
		/* What came last is more often changed again. */
		from = &texts[below(2) ? below(nr_texts) : nr_texts - 1 - below((nr_texts + 7) / 8)];
		attr = below(16) ? from->attr : (int)below(nr_attrs);
		len = from->len;
		memcpy(text, from->bytes, len);
		for (i = below(4); i >= 0; i--)
			len = change(text, len);
		good &= try_text(attr, text, len);
		if (look())
			add_text(attr, text, len);
	}
	return good;
}

int main(int argc, char **argv)
{
	const char *corpus = NULL, *out = NULL;
	FILE *file;
	int option, good = 1, i;

	while ((option = getopt(argc, argv, "c:g:i:x:p:a:n:o:s")) != -1) {
		switch (option) {
		case 'c': corpus = optarg; break;
		case 'g': gcov_part = optarg; break;
		case 'i': only = optarg; break;
		case 'x': without = optarg; break;
		case 'p': partly = optarg; break;
		case 'a':
			if (nr_after == 2 * MAX_AFTER || optind >= argc)
				return 2;
			after[nr_after++] = optarg;
			after[nr_after++] = argv[optind++];
			break;
		case 'n': limit = strtoul(optarg, NULL, 0); break;
		case 'o': out = optarg; break;
		case 's': shows = 1; break;
		default: return 2;
		}
	}
	if (argc - optind != 3) {
		fprintf(stderr, "usage: see the head of textfuzz.c\n");
		return 2;
	}
	chance_seed(strtoull(argv[optind], NULL, 0));
	find_attrs(argv[optind + 2]);
	if (!nr_attrs) {
		errno = ENOENT;
		die(argv[optind + 2]);
	}
	if (corpus)
		read_corpus(corpus);
	for (i = 0; !nr_texts && i < nr_attrs; i++)
		add_text(i, (const unsigned char *)"0", 1);
	nr_begin = nr_texts;
	if (gcov_part)
		nftw(GCOV_DIR, find_counters, 16, FTW_PHYS);
	look();
	for (i = 0; i < nr_begin; i++)
		good &= try_text(texts[i].attr, texts[i].bytes, texts[i].len);
	look();
	end = time(NULL) + strtoul(argv[optind + 1], NULL, 0);
	good &= fuzz();
	printf("%lu texts taken, %lu refused, %lu taken back, %d joined %d, %lu counters of %d files are not zero\n",
	       taken, refused, taken_back, nr_texts - nr_begin, nr_begin, covered, nr_counters);
	file = out ? fopen(out, "w") : NULL;
	for (i = nr_begin; file && i < nr_texts; i++)
		print_text(file, texts[i].attr, texts[i].bytes, texts[i].len);
	if (out && (!file || fclose(file)))
		die(out);
	return !good;
}
