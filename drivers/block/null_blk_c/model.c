// SPDX-License-Identifier: GPL-2.0
/*
 * From text to a model of how long a device takes. Documentation/null_blk_c.rst has the
 * words. A line is of the kind that its first word says; each kind wants some words, and
 * takes others. A text is taken as a whole or not at all, and one that was cut is told by
 * its missing end.
 */
#include <linux/blk_types.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "model.h"
#include "rule.h"

/* First line, with the version of the format, and last one */
#define NBC_MODEL_HEAD		"latency 1"
#define NBC_MODEL_END		"end"
/* Of a rate, in bytes a second: at the least of them, 4 GiB take seven weeks. */
#define NBC_MIN_RATE		1024
#define NBC_MAX_RATE		1000000000000ULL
#define NBC_MAX_BUFFER_BYTES	BIT_ULL(40)
/* Digits of a percentage behind the point */
#define NBC_PERCENT_DIGITS	6
#define NBC_PERCENT_ONE		1000000

enum nbc_word {
	NBC_WORD_SEED,
	NBC_WORD_CHANNELS,
	NBC_WORD_STRIPE,
	NBC_WORD_BUFFER,
	NBC_WORD_DRAIN,
	NBC_WORD_FLUSH,
	NBC_WORD_STALL,
	NBC_WORD_EVERY,
	NBC_WORD_OP,
	NBC_WORD_BYTES,
	NBC_WORD_RATE,
	NBC_WORD_FIXED,
	NBC_WORD_NORMAL,
	NBC_WORD_LOGNORMAL,
	NBC_WORD_PERCENTILES,
	NBC_NR_WORDS,
};

#define NBC_DIST_WORDS	(BIT(NBC_WORD_FIXED) | BIT(NBC_WORD_NORMAL) | \
			 BIT(NBC_WORD_LOGNORMAL) | BIT(NBC_WORD_PERCENTILES))

/*
 * A text that is being read
 *
 * @model: what becomes of it
 * @copy: of the text, in pieces
 * @text: the text
 * @fault: what is wrong
 * @line: number of the line
 * @kinds: which kinds of lines there were that may be there once
 * @seen: which words there were in this line
 * @ops, @max_bytes, @rate, @first, @second, @points, @nr_points: values of its words
 */
struct nbc_reader {
	struct nbc_model	*model;
	char			*copy;
	const char		*text;
	struct nbc_model_fault	*fault;
	unsigned int		line;
	u32			kinds;
	u32			seen;

	u32			ops;
	u64			max_bytes;
	u64			rate;
	u64			first;
	u64			second;
	unsigned int		nr_points;
	struct nbc_point	points[NBC_DIST_MAX_POINTS];
};

/* Reads the value of a word; returns what it should be if it is not valid, or NULL. */
typedef const char *(*nbc_value_fn)(struct nbc_reader *reader, char *value);

static bool nbc_number(const char *text, u64 min, u64 max, u64 *number)
{
	return text && !kstrtou64(text, 0, number) && *number >= min && *number <= max;
}

static bool nbc_two_times(char *value, u64 min, u64 *first, u64 *second)
{
	return nbc_number(strsep(&value, ","), min, NBC_DIST_MAX_NS, first) &&
	       nbc_number(value, min, NBC_DIST_MAX_NS, second);
}

static const char *nbc_value_seed(struct nbc_reader *reader, char *value)
{
	return nbc_number(value, 0, U64_MAX, &reader->model->seed) ? NULL :
		"seed= a number of 64 bits";
}

static const char *nbc_value_channels(struct nbc_reader *reader, char *value)
{
	u64 nr = 0;

	if (!nbc_number(value, 1, NBC_MODEL_MAX_CHANNELS, &nr))
		return "channels= a number, 1 to 1024";
	reader->model->nr_channels = nr;
	return NULL;
}

static const char *nbc_value_stripe(struct nbc_reader *reader, char *value)
{
	return nbc_number(value, SECTOR_SIZE, NBC_MAX_BUFFER_BYTES, &reader->model->stripe) ?
		NULL : "stripe= bytes, 512 to 1099511627776";
}

static const char *nbc_value_buffer(struct nbc_reader *reader, char *value)
{
	return nbc_number(value, SECTOR_SIZE, NBC_MAX_BUFFER_BYTES,
			  &reader->model->buffer.bytes) ?
		NULL : "buffer= bytes, 512 to 1099511627776";
}

static const char *nbc_value_rate(struct nbc_reader *reader, char *value)
{
	return nbc_number(value, NBC_MIN_RATE, NBC_MAX_RATE, &reader->rate) ? NULL :
		"bytes a second, 1024 to 1000000000000";
}

static const char *nbc_value_flush(struct nbc_reader *reader, char *value)
{
	reader->model->buffer.flush = true;
	return value ? "flush without a value" : NULL;
}

static const char *nbc_value_stall(struct nbc_reader *reader, char *value)
{
	return nbc_number(value, 1, NBC_DIST_MAX_NS, &reader->model->stall.ns) ? NULL :
		"stall= a time in ns, 1 to 86400000000000";
}

static const char *nbc_value_every(struct nbc_reader *reader, char *value)
{
	return nbc_number(value, 1, NBC_DIST_MAX_NS, &reader->model->stall.every_ns) ? NULL :
		"every= a time in ns, 1 to 86400000000000";
}

static const char *nbc_value_op(struct nbc_reader *reader, char *value)
{
	reader->ops = nbc_ops_parse(value);
	return reader->ops ? NULL : nbc_ops_wants;
}

static const char *nbc_value_bytes(struct nbc_reader *reader, char *value)
{
	return nbc_number(value, SECTOR_SIZE, U32_MAX, &reader->max_bytes) ? NULL :
		"bytes= a size, 512 to 4294967295";
}

static const char *nbc_value_fixed(struct nbc_reader *reader, char *value)
{
	reader->nr_points = 1;
	reader->points[0].share = 0;
	return nbc_number(value, 0, NBC_DIST_MAX_NS, &reader->points[0].ns) ? NULL :
		"fixed= a time in ns, 0 to 86400000000000";
}

static const char *nbc_value_normal(struct nbc_reader *reader, char *value)
{
	return nbc_two_times(value, 0, &reader->first, &reader->second) ? NULL :
		"normal=MEAN,DEVIATION, times in ns, 0 to 86400000000000";
}

static const char *nbc_value_lognormal(struct nbc_reader *reader, char *value)
{
	return nbc_two_times(value, 1, &reader->first, &reader->second) &&
	       reader->first <= reader->second ? NULL :
		"lognormal=MEDIAN,P99, times in ns, 1 to 86400000000000, the second not less";
}

/* "99.9": to a share of 2^32 */
static bool nbc_percent(char *text, u32 *share)
{
	char *whole = strsep(&text, ".");
	u64 percent, rest = 0, digits, scaled;

	if (!isdigit(*whole) || !nbc_number(whole, 0, 100, &percent))
		return false;
	if (text) {
		digits = strlen(text);
		if (!isdigit(*text) || digits > NBC_PERCENT_DIGITS || kstrtou64(text, 10, &rest))
			return false;
		while (digits++ < NBC_PERCENT_DIGITS)
			rest *= 10;
	}
	scaled = percent * NBC_PERCENT_ONE + rest;
	if (scaled > 100 * NBC_PERCENT_ONE)
		return false;
	*share = min(div_u64(scaled << 32, 100 * NBC_PERCENT_ONE), U32_MAX);
	return true;
}

static const char nbc_percentiles_wants[] =
	"percentiles=PERCENT:NS,..., 0 to 100 with up to 6 decimals, 0 to 86400000000000 ns";

static const char *nbc_value_percentiles(struct nbc_reader *reader, char *value)
{
	struct nbc_point *point = reader->points;
	char *pair, *percent;

	if (!value)
		return nbc_percentiles_wants;
	while ((pair = strsep(&value, ","))) {
		if (point == reader->points + NBC_DIST_MAX_POINTS)
			return "percentiles= at most 192 of them";
		percent = strsep(&pair, ":");
		if (!nbc_percent(percent, &point->share) ||
		    !nbc_number(pair, 0, NBC_DIST_MAX_NS, &point->ns))
			return nbc_percentiles_wants;
		if (point > reader->points &&
		    (point->share <= point[-1].share || point->ns < point[-1].ns))
			return "percentiles= in order: higher ones with times that are not less";
		point++;
	}
	reader->nr_points = point - reader->points;
	return NULL;
}

static const struct {
	const char	*name;
	nbc_value_fn	read;
} nbc_words[NBC_NR_WORDS] = {
	[NBC_WORD_SEED]		= { "seed",		nbc_value_seed },
	[NBC_WORD_CHANNELS]	= { "channels",		nbc_value_channels },
	[NBC_WORD_STRIPE]	= { "stripe",		nbc_value_stripe },
	[NBC_WORD_BUFFER]	= { "buffer",		nbc_value_buffer },
	[NBC_WORD_DRAIN]	= { "drain",		nbc_value_rate },
	[NBC_WORD_FLUSH]	= { "flush",		nbc_value_flush },
	[NBC_WORD_STALL]	= { "stall",		nbc_value_stall },
	[NBC_WORD_EVERY]	= { "every",		nbc_value_every },
	[NBC_WORD_OP]		= { "op",		nbc_value_op },
	[NBC_WORD_BYTES]	= { "bytes",		nbc_value_bytes },
	[NBC_WORD_RATE]		= { "rate",		nbc_value_rate },
	[NBC_WORD_FIXED]	= { "fixed",		nbc_value_fixed },
	[NBC_WORD_NORMAL]	= { "normal",		nbc_value_normal },
	[NBC_WORD_LOGNORMAL]	= { "lognormal",	nbc_value_lognormal },
	[NBC_WORD_PERCENTILES]	= { "percentiles",	nbc_value_percentiles },
};

/* What a byte costs, from bytes a second */
static u64 nbc_unit_ns(u64 rate)
{
	return rate ? div64_u64((u64)NSEC_PER_SEC << NBC_MODEL_UNIT_SHIFT, rate) : 0;
}

/* Takes what a line said; returns what is wrong with it as a whole, or NULL. */
typedef const char *(*nbc_line_fn)(struct nbc_reader *reader);

static const char nbc_no_memory[] = "less, there is no memory for it";

static const char *nbc_take_nothing(struct nbc_reader *reader)
{
	return NULL;
}

static const char *nbc_take_buffer(struct nbc_reader *reader)
{
	struct nbc_buffer *buffer = &reader->model->buffer;

	buffer->unit_ns = nbc_unit_ns(reader->rate);
	buffer->size_ns = mul_u64_u64_shr(buffer->bytes, buffer->unit_ns,
					  NBC_MODEL_UNIT_SHIFT);
	return NULL;
}

static const char *nbc_take_stall(struct nbc_reader *reader)
{
	struct nbc_stall *stall = &reader->model->stall;

	stall->ops = reader->seen & BIT(NBC_WORD_OP) ? reader->ops : U32_MAX;
	return stall->ns < stall->every_ns ? NULL : "every= more than stall=";
}

static int nbc_class_create(struct nbc_reader *reader, struct nbc_class *class)
{
	class->ops = reader->ops;
	class->max_bytes = reader->max_bytes;
	class->unit_ns = nbc_unit_ns(reader->rate);
	if (reader->seen & BIT(NBC_WORD_NORMAL))
		return nbc_dist_normal(&class->dist, reader->first, reader->second);
	if (reader->seen & BIT(NBC_WORD_LOGNORMAL))
		return nbc_dist_lognormal(&class->dist, reader->first, reader->second);
	return nbc_dist_create(&class->dist, reader->points, reader->nr_points);
}

static const char *nbc_take_class(struct nbc_reader *reader)
{
	struct nbc_model *model = reader->model;
	struct nbc_class *class = model->classes;
	u32 dists = reader->seen & NBC_DIST_WORDS;

	if (!dists || dists & (dists - 1))
		return "one of fixed=, normal=, lognormal= or percentiles=";
	for (; class < model->classes + model->nr_classes; class++) {
		if (class->ops & reader->ops && class->max_bytes == reader->max_bytes)
			return "each operation and size once";
	}
	if (model->nr_classes == NBC_MODEL_MAX_CLASSES)
		return "at most 64 lines of op=";
	if (nbc_class_create(reader, class))
		return nbc_no_memory;
	model->nr_classes++;
	return NULL;
}

/* The kinds of lines, by their first words. */
static const struct {
	enum nbc_word	first;
	u32		needs;
	u32		may;
	bool		often;
	nbc_line_fn	take;
	const char	*wants;
} nbc_kinds[] = {
	{ NBC_WORD_SEED, 0, 0, false, nbc_take_nothing, "seed=N" },
	{ NBC_WORD_CHANNELS, 0, BIT(NBC_WORD_STRIPE), false, nbc_take_nothing,
	  "channels=N, and perhaps stripe=BYTES" },
	{ NBC_WORD_BUFFER, BIT(NBC_WORD_DRAIN), BIT(NBC_WORD_FLUSH), false, nbc_take_buffer,
	  "buffer=BYTES drain=RATE, and perhaps flush" },
	{ NBC_WORD_STALL, BIT(NBC_WORD_EVERY), BIT(NBC_WORD_OP), false, nbc_take_stall,
	  "stall=NS every=NS, and perhaps op=OP" },
	{ NBC_WORD_OP, 0, BIT(NBC_WORD_BYTES) | BIT(NBC_WORD_RATE) | NBC_DIST_WORDS, true,
	  nbc_take_class, "op=OP, perhaps bytes=N and rate=RATE, and a distribution" },
};

static int nbc_blame(struct nbc_reader *reader, const char *at, unsigned int len,
		     const char *wants)
{
	*reader->fault = (struct nbc_model_fault) {
		.line	= reader->line,
		.at	= reader->text + (at - reader->copy),
		.len	= len,
		.wants	= wants,
	};
	return -EINVAL;
}

static const char *nbc_read_word(struct nbc_reader *reader, const char *name, char *value)
{
	unsigned int i;

	for (i = 0; i < NBC_NR_WORDS; i++) {
		if (strcmp(name, nbc_words[i].name))
			continue;
		if (reader->seen & BIT(i))
			return "each word once";
		reader->seen |= BIT(i);
		return nbc_words[i].read(reader, value);
	}
	return "op=, seed=, channels=, buffer=, stall=, end, or words that go with them";
}

static int nbc_read_words(struct nbc_reader *reader, char *line, unsigned int *kind)
{
	unsigned int len;
	const char *wants;
	char *word, *value;

	*kind = ARRAY_SIZE(nbc_kinds);
	while ((word = strsep(&line, " \t\r"))) {
		if (!*word)
			continue;
		len = strlen(word);
		value = word;
		strsep(&value, "=");
		wants = nbc_read_word(reader, word, value);
		if (wants)
			return nbc_blame(reader, word, len, wants);
		if (*kind < ARRAY_SIZE(nbc_kinds))
			continue;
		for (*kind = 0; *kind < ARRAY_SIZE(nbc_kinds); (*kind)++) {
			if (reader->seen & BIT(nbc_kinds[*kind].first))
				break;
		}
		if (*kind == ARRAY_SIZE(nbc_kinds))
			return nbc_blame(reader, word, len,
					 "op=, seed=, channels=, buffer= or stall= first");
	}
	return 0;
}

static int nbc_read_line(struct nbc_reader *reader, char *line)
{
	unsigned int len = strlen(line), kind;
	const char *wants;
	u32 needs;
	int ret;

	reader->seen = 0;
	reader->rate = 0;
	reader->max_bytes = U32_MAX;
	ret = nbc_read_words(reader, line, &kind);
	if (ret)
		return ret;
	needs = nbc_kinds[kind].needs | BIT(nbc_kinds[kind].first);
	if ((reader->seen & needs) != needs || reader->seen & ~(needs | nbc_kinds[kind].may))
		return nbc_blame(reader, line, len, nbc_kinds[kind].wants);
	if (reader->kinds & BIT(kind) && !nbc_kinds[kind].often)
		return nbc_blame(reader, line, len, "one line of a kind, but for op=");
	reader->kinds |= BIT(kind);
	wants = nbc_kinds[kind].take(reader);
	if (wants == nbc_no_memory)
		return -ENOMEM;
	return wants ? nbc_blame(reader, line, len, wants) : 0;
}

/* Takes the comment and blanks off a line. */
static char *nbc_strip(char *line)
{
	line[strcspn(line, "#")] = '\0';
	return strim(line);
}

/* Length of a line without comment, and of what is left without blanks from *@line on */
static size_t nbc_line_len(const char **line)
{
	size_t len = strcspn(*line, "#\n");

	while (len && isspace(**line)) {
		(*line)++;
		len--;
	}
	while (len && isspace((*line)[len - 1]))
		len--;
	return len;
}

static bool nbc_line_is(const char *line, size_t len, const char *what)
{
	return len == strlen(what) && !memcmp(line, what, len);
}

/**
 * nbc_model_begins - is the first line of a text that of a model?
 * @text: the text, or a part of it
 *
 * Context: Any.
 * Return: whether it is.
 */
bool nbc_model_begins(const char *text)
{
	const char *line, *end;
	size_t len;

	for (end = text; *end; end += *end == '\n') {
		line = end;
		len = nbc_line_len(&line);
		if (len)
			return nbc_line_is(line, len, NBC_MODEL_HEAD);
		end = strchrnul(end, '\n');
	}
	return false;
}

/**
 * nbc_model_ends - is any line of a text the last of a model?
 * @text: the text, or a part of it
 *
 * Context: Any.
 * Return: whether it is.
 */
bool nbc_model_ends(const char *text)
{
	const char *line, *end;
	size_t len;

	for (end = text; *end; end += *end == '\n') {
		line = end;
		len = nbc_line_len(&line);
		if (nbc_line_is(line, len, NBC_MODEL_END))
			return true;
		end = strchrnul(end, '\n');
	}
	return false;
}

/* One that is longer than is taken: the line is the first of which not all is. */
static int nbc_check_length(struct nbc_reader *reader)
{
	const char *at = reader->copy;

	if (strlen(at) <= NBC_MODEL_TEXT_BYTES)
		return 0;
	for (reader->line = 1; at < reader->copy + NBC_MODEL_TEXT_BYTES; at++)
		reader->line += *at == '\n';
	return nbc_blame(reader, reader->copy, 0, "at most 4095 bytes");
}

static int nbc_read_head(struct nbc_reader *reader, const char *line)
{
	if (!strcmp(line, NBC_MODEL_HEAD))
		return 0;
	return nbc_blame(reader, line, strlen(line), NBC_MODEL_HEAD " as the first line");
}

static int nbc_read_lines(struct nbc_reader *reader)
{
	char *rest = reader->copy, *line;
	bool begun = false, ended = false;
	int ret;

	while ((line = strsep(&rest, "\n"))) {
		reader->line++;
		line = nbc_strip(line);
		if (!*line)
			continue;
		if (ended)
			return nbc_blame(reader, line, strlen(line), "nothing behind end");
		ended = begun && !strcmp(line, NBC_MODEL_END);
		/* The rest of this line has not come yet. */
		if (!rest && !ended && (begun || str_has_prefix(NBC_MODEL_HEAD, line)))
			break;
		if (!begun)
			ret = nbc_read_head(reader, line);
		else
			ret = ended ? 0 : nbc_read_line(reader, line);
		if (ret)
			return ret;
		begun = true;
	}
	return ended ? 0 : -ENODATA;
}

static int nbc_read_text(struct nbc_reader *reader)
{
	int ret = nbc_check_length(reader) ?: nbc_read_lines(reader);

	if (!ret && !reader->model->nr_classes)
		return nbc_blame(reader, reader->copy, 0, "at least one line of op=");
	return ret;
}

static int nbc_class_cmp(const void *left, const void *right)
{
	const struct nbc_class *a = left, *b = right;

	return a->max_bytes < b->max_bytes ? -1 : a->max_bytes > b->max_bytes;
}

/* What requests change. */
static int nbc_model_add_state(struct nbc_model *model)
{
	/* Hardware queues for polling and others */
	model->nr_streams = 2 * nr_cpu_ids;
	model->drawn = kvcalloc(model->nr_streams, sizeof(*model->drawn), GFP_KERNEL_ACCOUNT);
	model->channels = kvcalloc(model->nr_channels, sizeof(*model->channels),
				   GFP_KERNEL_ACCOUNT);
	return model->drawn && (model->channels || !model->nr_channels) ? 0 : -ENOMEM;
}

static int nbc_model_read(struct nbc_model *model, const char *text,
			  struct nbc_model_fault *fault)
{
	struct nbc_reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!reader)
		return -ENOMEM;
	reader->model = model;
	reader->text = text;
	reader->fault = fault;
	reader->copy = kstrdup(text, GFP_KERNEL);
	if (reader->copy)
		ret = nbc_read_text(reader);
	kfree(reader->copy);
	kfree(reader);
	return ret;
}

/**
 * nbc_model_parse - make a model of a text
 * @text: the text
 * @fault: what is wrong with it, if the return is -EINVAL; points into @text
 *
 * Context: Process context, may sleep.
 * Return: the model, to be given to nbc_model_free(); or an ERR_PTR(): -EINVAL; -ENODATA if
 * the text is good so far, but has no end; -ENOMEM.
 */
struct nbc_model *nbc_model_parse(const char *text, struct nbc_model_fault *fault)
{
	struct nbc_model *model = kzalloc(sizeof(*model), GFP_KERNEL_ACCOUNT);
	int ret = -ENOMEM;

	if (!model)
		return ERR_PTR(-ENOMEM);
	model->text = kstrdup(text, GFP_KERNEL_ACCOUNT);
	model->classes = kcalloc(NBC_MODEL_MAX_CLASSES, sizeof(*model->classes),
				 GFP_KERNEL_ACCOUNT);
	if (model->text && model->classes)
		ret = nbc_model_read(model, text, fault) ?: nbc_model_add_state(model);
	if (ret) {
		nbc_model_free(model);
		return ERR_PTR(ret);
	}
	sort(model->classes, model->nr_classes, sizeof(*model->classes), nbc_class_cmp, NULL);
	return model;
}

/**
 * nbc_model_free - free a model
 * @model: a model that nobody uses any more, be it half-made; or NULL
 *
 * Context: Process context, may sleep.
 */
void nbc_model_free(struct nbc_model *model)
{
	unsigned int i;

	if (!model)
		return;
	for (i = 0; i < model->nr_classes; i++)
		nbc_dist_destroy(&model->classes[i].dist);
	kfree(model->classes);
	kvfree(model->channels);
	kvfree(model->drawn);
	kfree(model->text);
	kfree(model);
}
