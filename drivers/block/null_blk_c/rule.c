// SPDX-License-Identifier: GPL-2.0
/*
 * Rules as lines of text, and when one of them hits. Words and their meaning are those of
 * the error injection that the block layer has since Linux 7.3, as far as that goes.
 *
 * Nothing is drawn in turn for all rules: what happens to the operation that a rule meets
 * is a hash of the rule's seed and first sector, and of how many it met before. So a rule
 * does the same to the same operations, whatever other rules there are.
 */
#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "lies.h"
#include "rule.h"

/* The names of operations, as blk_op_str() has them, and of all. */
#define NBC_OP_ANY	"ANY"

/* Operations that the driver gets. */
static const enum req_op nbc_rule_ops[] = {
	REQ_OP_READ, REQ_OP_WRITE, REQ_OP_FLUSH, REQ_OP_DISCARD, REQ_OP_SECURE_ERASE,
	REQ_OP_WRITE_ZEROES, REQ_OP_ZONE_OPEN, REQ_OP_ZONE_CLOSE, REQ_OP_ZONE_FINISH,
	REQ_OP_ZONE_APPEND, REQ_OP_ZONE_RESET, REQ_OP_ZONE_RESET_ALL,
};

/* Statuses that a request may end with; the others ask the block layer to try again. */
static const struct {
	const char	*name;
	blk_status_t	status;
} nbc_statuses[] = {
	{ "NOTSUPP",			BLK_STS_NOTSUPP },
	{ "TIMEOUT",			BLK_STS_TIMEOUT },
	{ "NOSPC",			BLK_STS_NOSPC },
	{ "TRANSPORT",			BLK_STS_TRANSPORT },
	{ "TARGET",			BLK_STS_TARGET },
	{ "RESV_CONFLICT",		BLK_STS_RESV_CONFLICT },
	{ "MEDIUM",			BLK_STS_MEDIUM },
	{ "PROTECTION",			BLK_STS_PROTECTION },
	{ "IOERR",			BLK_STS_IOERR },
	{ "ZONE_OPEN_RESOURCE",		BLK_STS_ZONE_OPEN_RESOURCE },
	{ "ZONE_ACTIVE_RESOURCE",	BLK_STS_ZONE_ACTIVE_RESOURCE },
	{ "OFFLINE",			BLK_STS_OFFLINE },
	{ "DURATION_LIMIT",		BLK_STS_DURATION_LIMIT },
	{ "INVAL",			BLK_STS_INVAL },
};

const char nbc_status_wants[] =
	"IOERR, MEDIUM, NOSPC, TARGET, TIMEOUT, TRANSPORT or another BLK_STS_ of a failure";

/**
 * nbc_status_parse - from the name of a status to the status
 * @name: of BLK_STS_NAME
 * @status: output; unchanged on error
 *
 * Context: Any.
 * Return: 0, or -EINVAL for a name that is none, or for a status that a request cannot
 * end with.
 */
int nbc_status_parse(const char *name, blk_status_t *status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nbc_statuses); i++) {
		if (strcmp(name, nbc_statuses[i].name))
			continue;
		*status = nbc_statuses[i].status;
		return 0;
	}
	return -EINVAL;
}

static const char *nbc_status_name(blk_status_t status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nbc_statuses); i++) {
		if (nbc_statuses[i].status == status)
			return nbc_statuses[i].name;
	}
	return "?";
}

/* The value of a word: says what is wrong with it by returning what it should be. */
typedef const char *(*nbc_word_fn)(struct nbc_rule *rule, char *value);

static const char *nbc_word_number(char *value, u64 min, u64 max, u64 *number,
				   const char *wants)
{
	u64 parsed;

	if (!value || kstrtou64(value, 0, &parsed) || parsed < min || parsed > max)
		return wants;
	*number = parsed;
	return NULL;
}

static u32 nbc_rule_all_ops(void)
{
	unsigned int i;
	u32 ops = 0;

	for (i = 0; i < ARRAY_SIZE(nbc_rule_ops); i++)
		ops |= nbc_op_bit(nbc_rule_ops[i]);
	return ops;
}

static u32 nbc_rule_op(const char *name)
{
	unsigned int i;

	if (!strcmp(name, NBC_OP_ANY))
		return nbc_rule_all_ops();
	for (i = 0; i < ARRAY_SIZE(nbc_rule_ops); i++) {
		if (!strcmp(name, blk_op_str(nbc_rule_ops[i])))
			return nbc_op_bit(nbc_rule_ops[i]);
	}
	return 0;
}

const char nbc_ops_wants[] =
	"op=ANY, or READ, WRITE, FLUSH, DISCARD, another REQ_OP_, or several with +";

/**
 * nbc_ops_parse - from names of operations to a mask
 * @names: "READ+WRITE" or the like, taken apart; NULL for none
 *
 * Context: Any.
 * Return: a bit for each enum req_op; 0 if a name is none that the driver gets.
 */
u32 nbc_ops_parse(char *names)
{
	const char *name;
	u32 ops = 0, op;

	while ((name = strsep(&names, "+"))) {
		op = nbc_rule_op(name);
		if (!op)
			return 0;
		ops |= op;
	}
	return ops;
}

static const char *nbc_word_op(struct nbc_rule *rule, char *value)
{
	rule->ops = nbc_ops_parse(value);
	return rule->ops ? NULL : nbc_ops_wants;
}

static const char *nbc_word_start(struct nbc_rule *rule, char *value)
{
	return nbc_word_number(value, 0, NBC_RULE_MAX_SECTOR, &rule->first,
			       "start= a sector, 0 to 18014398509481983");
}

/* A number of sectors, until the whole line is known. */
static const char *nbc_word_nr_sectors(struct nbc_rule *rule, char *value)
{
	return nbc_word_number(value, 1, NBC_RULE_MAX_SECTOR, &rule->last,
			       "nr_sectors= a number, 1 to 18014398509481983");
}

static const char *nbc_word_chance(struct nbc_rule *rule, char *value)
{
	u64 chance = 0;
	const char *wants = nbc_word_number(value, 1, U32_MAX, &chance,
					    "chance= one in how many, 1 to 4294967295");

	rule->chance = chance;
	return wants;
}

static const char *nbc_word_seed(struct nbc_rule *rule, char *value)
{
	return nbc_word_number(value, 0, U64_MAX, &rule->seed,
			       "seed= a number of 64 bits");
}

static const char *nbc_word_times(struct nbc_rule *rule, char *value)
{
	return nbc_word_number(value, 1, U64_MAX - 1, &rule->times,
			       "times= a number, 1 and more");
}

static const char *nbc_word_space(struct nbc_rule *rule, char *value)
{
	return nbc_word_number(value, 0, U64_MAX, &rule->space,
			       "space= a number, 0 and more");
}

static const char nbc_one_action[] =
	"one action: status=, delay_nsec=, hold or lie=";

static const char *nbc_rule_act(struct nbc_rule *rule, enum nbc_action action)
{
	if (rule->action != NBC_ACT_NONE)
		return nbc_one_action;
	rule->action = action;
	return NULL;
}

static const char *nbc_word_status(struct nbc_rule *rule, char *value)
{
	if (!value || nbc_status_parse(value, &rule->status))
		return nbc_status_wants;
	return nbc_rule_act(rule, NBC_ACT_STATUS);
}

static const char *nbc_word_delay(struct nbc_rule *rule, char *value)
{
	/* First, for a rule that holds has something else there. */
	return nbc_rule_act(rule, NBC_ACT_DELAY) ?:
	       nbc_word_number(value, 1, LONG_MAX, &rule->delay_nsec,
			       "delay_nsec= a time in ns, 1 and more");
}

static const char *nbc_word_hold(struct nbc_rule *rule, char *value)
{
	return value ? "hold without a value" : nbc_rule_act(rule, NBC_ACT_HOLD);
}

static const char *nbc_word_lie(struct nbc_rule *rule, char *value)
{
	int lie = value ? match_string(nbc_lie_names, NBC_NR_LIES, value) : -EINVAL;

	if (lie < 0)
		return "lie=lost, shorn, misplaced, bitrot, decay or stale";
	rule->lie = lie;
	return nbc_rule_act(rule, NBC_ACT_LIE);
}

/* Shares its place with delay_nsec= and by=, which come after other actions only. */
static const char *nbc_word_holder(struct nbc_rule *rule, char *value)
{
	u64 nr;

	if (rule->action != NBC_ACT_HOLD)
		return "holder= after hold only";
	if (!nbc_word_number(value, 1, INT_MAX, &nr, ""))
		rule->holder = find_get_pid(nr);
	return rule->holder ? NULL : "holder= the number of a process that is there";
}

static const char *nbc_word_orphans(struct nbc_rule *rule, char *value)
{
	if (rule->action != NBC_ACT_HOLD || !rule->holder)
		return "orphans= after holder= only";
	return value && !nbc_status_parse(value, &rule->status) ? NULL : nbc_status_wants;
}

/* Shares its place with delay_nsec=, which no rule has that lies. */
static const char *nbc_word_by(struct nbc_rule *rule, char *value)
{
	if (rule->action != NBC_ACT_LIE || rule->lie != NBC_LIE_MISPLACED)
		return "by= after lie=misplaced only";
	return nbc_word_number(value, 1, NBC_RULE_MAX_SECTOR / 2, &rule->by,
			       "by= a number of sectors, 1 to 9007199254740991");
}

static const struct {
	const char	*name;
	nbc_word_fn	parse;
} nbc_rule_words[] = {
	{ "op",		nbc_word_op },
	{ "start",	nbc_word_start },
	{ "nr_sectors",	nbc_word_nr_sectors },
	{ "chance",	nbc_word_chance },
	{ "seed",	nbc_word_seed },
	{ "times",	nbc_word_times },
	{ "space",	nbc_word_space },
	{ "status",	nbc_word_status },
	{ "delay_nsec",	nbc_word_delay },
	{ "hold",	nbc_word_hold },
	{ "holder",	nbc_word_holder },
	{ "orphans",	nbc_word_orphans },
	{ "lie",	nbc_word_lie },
	{ "by",		nbc_word_by },
};

static const char nbc_rule_wants[] =
	"add,op=OP,status=STATUS, delay_nsec=N, hold or lie=LIE, remove,id=N or removeall";

static int nbc_line_blame(struct nbc_rule_line *line, const char *bad,
			  const char *wants)
{
	line->bad = bad;
	line->wants = wants;
	return -EINVAL;
}

/* A word may be there once. */
static const char *nbc_word_parse(struct nbc_rule *rule, const char *name, char *value,
				  unsigned int *seen)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nbc_rule_words); i++) {
		if (strcmp(name, nbc_rule_words[i].name))
			continue;
		if (*seen & BIT(i))
			return "each word once";
		*seen |= BIT(i);
		return nbc_rule_words[i].parse(rule, value);
	}
	return nbc_rule_wants;
}

/* What each lie can be about; a bit for each enum req_op. */
static u32 nbc_lie_ops(enum nbc_lie lie)
{
	u32 writes = nbc_op_bit(REQ_OP_WRITE) | nbc_op_bit(REQ_OP_ZONE_APPEND);

	switch (lie) {
	case NBC_LIE_LOST:
		return writes | nbc_op_bit(REQ_OP_FLUSH) | nbc_op_bit(REQ_OP_DISCARD) |
		       nbc_op_bit(REQ_OP_SECURE_ERASE) | nbc_op_bit(REQ_OP_WRITE_ZEROES);
	case NBC_LIE_SHORN:
	case NBC_LIE_MISPLACED:
		return writes;
	default:
		return nbc_op_bit(REQ_OP_READ);
	}
}

static const char *nbc_lie_wants(enum nbc_lie lie)
{
	switch (lie) {
	case NBC_LIE_LOST:
		return "lie=lost with FLUSH, and with all that writes, discards or erases";
	case NBC_LIE_SHORN:
	case NBC_LIE_MISPLACED:
		return "lie=shorn and misplaced with WRITE, ZONE_APPEND";
	default:
		return "lie=bitrot, decay and stale with READ";
	}
}

static int nbc_line_finish(struct nbc_rule_line *line)
{
	struct nbc_rule *rule = &line->rule;
	u64 nr;

	if (!rule->ops)
		return nbc_line_blame(line, line->text, "op= besides");
	if (rule->action == NBC_ACT_NONE)
		return nbc_line_blame(line, line->text, nbc_one_action);
	if (rule->action == NBC_ACT_LIE && rule->ops & ~nbc_lie_ops(rule->lie))
		return nbc_line_blame(line, line->text, nbc_lie_wants(rule->lie));
	if (rule->action == NBC_ACT_LIE && rule->lie == NBC_LIE_MISPLACED && !rule->by)
		return nbc_line_blame(line, line->text, "by= besides");
	/* Up to now a number of sectors. */
	nr = rule->last ?: NBC_RULE_MAX_SECTOR - rule->first + 1;
	if (nr > NBC_RULE_MAX_SECTOR - rule->first + 1)
		return nbc_line_blame(line, line->text,
				      "less nr_sectors=, to end at 18014398509481983");
	rule->last = rule->first + nr - 1;
	return 0;
}

static int nbc_line_add(struct nbc_rule_line *line, char *words)
{
	const char *name, *wants;
	unsigned int seen = 0;
	char *value;

	line->verb = NBC_RULE_ADD;
	line->rule = (struct nbc_rule) {
		.chance	= 1,
		.times	= NBC_RULE_FOREVER,
	};
	while ((value = strsep(&words, ","))) {
		name = strsep(&value, "=");
		wants = nbc_word_parse(&line->rule, name, value, &seen);
		if (wants)
			return nbc_line_blame(line, name, wants);
	}
	return nbc_line_finish(line);
}

/**
 * nbc_rule_put_holder - forget the process that a rule ends with
 * @rule: the rule; it may have none
 *
 * Context: Any.
 */
void nbc_rule_put_holder(struct nbc_rule *rule)
{
	if (rule->action == NBC_ACT_HOLD)
		put_pid(rule->holder);
}

/**
 * nbc_rule_orphaned - is the process gone that a rule ends with?
 * @rule: the rule
 *
 * Context: Process context.
 * Return: whether it is; never for one without.
 */
bool nbc_rule_orphaned(const struct nbc_rule *rule)
{
	struct task_struct *task;

	if (rule->action != NBC_ACT_HOLD || !rule->holder)
		return false;
	guard(rcu)();
	task = pid_task(rule->holder, PIDTYPE_TGID);
	return !task || READ_ONCE(task->exit_state);
}

static int nbc_line_remove(struct nbc_rule_line *line, char *word)
{
	line->verb = NBC_RULE_REMOVE;
	if (!word || strncmp(word, "id=", 3) || kstrtou32(word + 3, 0, &line->rule.id))
		return nbc_line_blame(line, line->text, "remove,id=N");
	return 0;
}

static int nbc_line_parse(struct nbc_rule_line *line)
{
	char *rest = line->text;
	const char *verb = strsep(&rest, ",");

	if (!strcmp(verb, "add"))
		return nbc_line_add(line, rest);
	if (!strcmp(verb, "remove"))
		return nbc_line_remove(line, rest);
	if (strcmp(verb, "removeall") || rest)
		return nbc_line_blame(line, line->text, nbc_rule_wants);
	line->verb = NBC_RULE_REMOVE_ALL;
	return 0;
}

static void nbc_line_copy(struct nbc_rule_line *line, const char *text, size_t len)
{
	memcpy(line->text, text, len);
	line->text[min(len, sizeof(line->text) - 1)] = '\0';
}

/**
 * nbc_rule_begins - is it the begin of a line
 * @text: text, which may be the rest of one
 *
 * Context: Any.
 * Return: true if it has a verb first, which no rest has.
 */
bool nbc_rule_begins(const char *text)
{
	return str_has_prefix(text, "add,") || str_has_prefix(text, "remove");
}

/**
 * nbc_rule_parse - understand a line about rules
 * @text: "add,WORD=VALUE,...", "remove,id=N" or "removeall"
 * @len: its length, without the line feed
 * @line: output; on error, @bad and @wants say what is wrong
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int nbc_rule_parse(const char *text, size_t len, struct nbc_rule_line *line)
{
	int ret;

	len = min(len, sizeof(line->text));
	nbc_line_copy(line, text, len);
	line->rule = (struct nbc_rule) { };
	if (len == sizeof(line->text))
		return nbc_line_blame(line, line->text, "a line of 255 characters at most");
	ret = nbc_line_parse(line);
	if (ret) {
		nbc_rule_put_holder(&line->rule);
		/* What was taken apart is to be seen as it was. */
		nbc_line_copy(line, text, len);
		if (line->bad != line->text)
			line->text[line->bad - line->text + strcspn(line->bad, ",")] = '\0';
	}
	return ret;
}

static int nbc_rule_print_ops(const struct nbc_rule *rule, char *buf, size_t size)
{
	const char *separator = "";
	unsigned int i;
	int len = 0;

	if (rule->ops == nbc_rule_all_ops())
		return scnprintf(buf, size, "%s", NBC_OP_ANY);
	for (i = 0; i < ARRAY_SIZE(nbc_rule_ops); i++) {
		if (!(rule->ops & nbc_op_bit(nbc_rule_ops[i])))
			continue;
		len += scnprintf(buf + len, size - len, "%s%s", separator,
				 blk_op_str(nbc_rule_ops[i]));
		separator = "+";
	}
	return len;
}

static int nbc_rule_print_hold(const struct nbc_rule *rule, char *buf, size_t size)
{
	if (!rule->holder)
		return scnprintf(buf, size, ",hold");
	if (!rule->status)
		return scnprintf(buf, size, ",hold,holder=%d", pid_vnr(rule->holder));
	return scnprintf(buf, size, ",hold,holder=%d,orphans=%s", pid_vnr(rule->holder),
			 nbc_status_name(rule->status));
}

static int nbc_rule_print_action(const struct nbc_rule *rule, char *buf, size_t size)
{
	if (rule->action == NBC_ACT_STATUS)
		return scnprintf(buf, size, ",status=%s", nbc_status_name(rule->status));
	if (rule->action == NBC_ACT_HOLD)
		return nbc_rule_print_hold(rule, buf, size);
	if (rule->action == NBC_ACT_LIE && rule->lie == NBC_LIE_MISPLACED)
		return scnprintf(buf, size, ",lie=misplaced,by=%llu", rule->by);
	if (rule->action == NBC_ACT_LIE)
		return scnprintf(buf, size, ",lie=%s", nbc_lie_names[rule->lie]);
	return scnprintf(buf, size, ",delay_nsec=%llu", rule->delay_nsec);
}

/**
 * nbc_rule_print - print a rule, with what it did so far
 * @rule: the rule
 * @buf: output
 * @size: its size; twice NBC_RULE_TEXT_BYTES is enough
 *
 * The words are those that it was made by, but for what is as it would be without them.
 *
 * Context: Any; under &nbc_rules.lock if others know of the rule.
 * Return: length of the text, which ends with a line feed.
 */
int nbc_rule_print(const struct nbc_rule *rule, char *buf, size_t size)
{
	int len = scnprintf(buf, size, "id=%u,op=", rule->id);

	len += nbc_rule_print_ops(rule, buf + len, size - len);
	len += scnprintf(buf + len, size - len, ",start=%llu", rule->first);
	if (rule->last < NBC_RULE_MAX_SECTOR)
		len += scnprintf(buf + len, size - len, ",nr_sectors=%llu",
				 rule->last - rule->first + 1);
	if (rule->chance > 1)
		len += scnprintf(buf + len, size - len, ",chance=%u", rule->chance);
	if (rule->seed)
		len += scnprintf(buf + len, size - len, ",seed=%llu", rule->seed);
	if (rule->times != NBC_RULE_FOREVER)
		len += scnprintf(buf + len, size - len, ",times=%llu", rule->times);
	if (rule->space)
		len += scnprintf(buf + len, size - len, ",space=%llu", rule->space);
	len += nbc_rule_print_action(rule, buf + len, size - len);
	return len + scnprintf(buf + len, size - len, ",met=%llu,hits=%llu\n",
			       rule->met, rule->hits);
}

/**
 * nbc_rule_draw - draw a number for the operation that a rule met last
 * @rule: the rule
 * @what: what for, to draw several that have nothing to do with each other
 *
 * Context: Any; under &nbc_rules.lock if others know of the rule.
 * Return: a number of 64 bits, each as likely.
 */
u64 nbc_rule_draw(const struct nbc_rule *rule, u64 what)
{
	siphash_key_t key = { .key = { rule->seed, rule->first } };

	return siphash_2u64(rule->met, what, &key);
}

/**
 * nbc_rule_hits - does a rule act on an operation that it meets?
 * @rule: the rule
 *
 * Context: Any; under &nbc_rules.lock if others know of the rule.
 * Return: whether it does.
 */
bool nbc_rule_hits(struct nbc_rule *rule)
{
	if (!rule->times)
		return false;
	rule->met++;
	if (rule->space) {
		rule->space--;
		return false;
	}
	if (rule->chance > 1 && (u32)nbc_rule_draw(rule, 0) % rule->chance)
		return false;
	if (rule->times != NBC_RULE_FOREVER)
		rule->times--;
	rule->hits++;
	return true;
}
