// SPDX-License-Identifier: GPL-2.0
/*
 * Rules: what a controller does wrong, and when. A rule is a line of words: the action
 * first, then NAME=VALUE for what it takes and for what it has to match. All that match
 * a command have their way, in the order in which they were made.
 */
#define pr_fmt(fmt) "nvme_model: " fmt

#include <linux/ctype.h>
#include <linux/hex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "nvme_model.h"

#define NVMM_ANY	-1
#define NVMM_ANY_IO	-2
/* Events or interrupts that one hit makes at most. */
#define NVMM_MAX_STORM	100000

static const struct {
	const char		*name;
	enum nvmm_point		point;
} nvmm_actions[] = {
	[NVMM_DELAY]		= { "delay",		NVMM_AT_COMMAND },
	[NVMM_HOLD]		= { "hold",		NVMM_AT_COMMAND },
	[NVMM_DROP]		= { "drop",		NVMM_AT_COMMAND },
	[NVMM_TWICE]		= { "twice",		NVMM_AT_COMMAND },
	[NVMM_WRONGID]		= { "wrongid",		NVMM_AT_COMMAND },
	[NVMM_GHOST]		= { "ghost",		NVMM_AT_COMMAND },
	[NVMM_PHASE]		= { "phase",		NVMM_AT_COMMAND },
	[NVMM_STATUS]		= { "status",		NVMM_AT_COMMAND },
	[NVMM_DATA]		= { "data",		NVMM_AT_COMMAND },
	[NVMM_NODATA]		= { "nodata",		NVMM_AT_COMMAND },
	[NVMM_MUTE]		= { "mute",		NVMM_AT_COMMAND },
	[NVMM_RESULT]		= { "result",		NVMM_AT_COMMAND },
	[NVMM_SQHEAD]		= { "sqhead",		NVMM_AT_COMMAND },
	[NVMM_SQID]		= { "sqid",		NVMM_AT_COMMAND },
	[NVMM_NOIRQ]		= { "noirq",		NVMM_AT_COMMAND },
	[NVMM_IRQSTORM]		= { "irqstorm",		NVMM_AT_COMMAND },
	[NVMM_EVENT]		= { "event",		NVMM_AT_COMMAND },
	[NVMM_CFS]		= { "cfs",		NVMM_AT_COMMAND },
	[NVMM_NSSRO]		= { "nssro",		NVMM_AT_COMMAND },
	[NVMM_CLEARREADY]	= { "clearready",	NVMM_AT_COMMAND },
	[NVMM_GONE]		= { "gone",		NVMM_AT_COMMAND },
	[NVMM_FREEZE]		= { "freeze",		NVMM_AT_COMMAND },
	[NVMM_CUT]		= { "cut",		NVMM_AT_COMMAND },
	[NVMM_EARLY]		= { "early",		NVMM_AT_DOORBELL },
	[NVMM_SHADOW]		= { "shadow",		NVMM_AT_COMMAND },
	[NVMM_READY]		= { "ready",		NVMM_AT_ENABLE },
	[NVMM_UNREADY]		= { "unready",		NVMM_AT_ENABLE },
	[NVMM_STUCK]		= { "stuck",		NVMM_AT_DISABLE },
	[NVMM_NOSHUTDOWN]	= { "noshutdown",	NVMM_AT_SHUTDOWN },
	[NVMM_REGISTER]		= { "register",		NVMM_AT_READ },
	[NVMM_RELEASE]		= { "release",		NVMM_AT_NOW },
	[NVMM_BACK]		= { "back",		NVMM_AT_NOW },
};

static_assert(ARRAY_SIZE(nvmm_actions) == NVMM_NR_ACTIONS);

static const char * const nvmm_points[] = {
	[NVMM_AT_COMMAND]	= "command",
	[NVMM_AT_DOORBELL]	= "doorbell",
	[NVMM_AT_ENABLE]	= "enable",
	[NVMM_AT_DISABLE]	= "disable",
	[NVMM_AT_SHUTDOWN]	= "shutdown",
	[NVMM_AT_READ]		= "read",
	[NVMM_AT_NOW]		= "now",
};

static_assert(ARRAY_SIZE(nvmm_points) == NVMM_NR_POINTS);

static const char * const nvmm_ids[] = {
	[NVMM_ID_STALE]		= "stale",
	[NVMM_ID_FREE]		= "free",
	[NVMM_ID_FOREIGN]	= "foreign",
	[NVMM_ID_ABSURD]	= "absurd",
};

static_assert(ARRAY_SIZE(nvmm_ids) == NVMM_NR_IDS);

/* Names of opcodes that mean the same in a rule as in the specification. */
static const struct {
	const char	*name;
	u8		opcode;
	bool		admin;
} nvmm_opcodes[] = {
	{ "flush",		nvme_cmd_flush,			false },
	{ "write",		nvme_cmd_write,			false },
	{ "read",		nvme_cmd_read,			false },
	{ "compare",		nvme_cmd_compare,		false },
	{ "write_zeroes",	nvme_cmd_write_zeroes,		false },
	{ "dsm",		nvme_cmd_dsm,			false },
	{ "delete_sq",		nvme_admin_delete_sq,		true },
	{ "create_sq",		nvme_admin_create_sq,		true },
	{ "get_log",		nvme_admin_get_log_page,	true },
	{ "delete_cq",		nvme_admin_delete_cq,		true },
	{ "create_cq",		nvme_admin_create_cq,		true },
	{ "identify",		nvme_admin_identify,		true },
	{ "abort",		nvme_admin_abort_cmd,		true },
	{ "set_features",	nvme_admin_set_features,	true },
	{ "get_features",	nvme_admin_get_features,	true },
	{ "async_event",	nvme_admin_async_event,		true },
	{ "ns_mgmt",		nvme_admin_ns_mgmt,		true },
	{ "ns_attach",		nvme_admin_ns_attach,		true },
	{ "dbbuf",		nvme_admin_dbbuf,		true },
	{ "format",		nvme_admin_format_nvm,		true },
};

/* --- reading a line --------------------------------------------------------------------- */

static int nvmm_parse_action(const char *word)
{
	unsigned int i;

	for (i = 0; i < NVMM_NR_ACTIONS; i++)
		if (nvmm_actions[i].name && !strcmp(word, nvmm_actions[i].name))
			return i;
	return -EINVAL;
}

static int nvmm_parse_queue(struct nvmm_rule *rule, const char *value)
{
	if (!strcmp(value, "admin"))
		rule->queue = 0;
	else if (!strcmp(value, "io"))
		rule->queue = NVMM_ANY_IO;
	else
		return kstrtouint(value, 0, &rule->queue);
	return 0;
}

/* The name of an opcode says which queues it is for, unless the rule says it. */
static int nvmm_parse_opcode(struct nvmm_rule *rule, const char *value)
{
	unsigned int i;
	u8 opcode;

	for (i = 0; i < ARRAY_SIZE(nvmm_opcodes); i++) {
		if (strcmp(value, nvmm_opcodes[i].name))
			continue;
		rule->opcode = nvmm_opcodes[i].opcode;
		if (rule->queue == NVMM_ANY)
			rule->queue = nvmm_opcodes[i].admin ? 0 : NVMM_ANY_IO;
		return 0;
	}
	if (kstrtou8(value, 0, &opcode))
		return -EINVAL;
	rule->opcode = opcode;
	return 0;
}

/* FIRST or FIRST-LAST */
static int nvmm_parse_lba(struct nvmm_rule *rule, char *value)
{
	char *last = strchr(value, '-');
	int ret;

	if (last)
		*last++ = '\0';
	ret = kstrtou64(value, 0, &rule->lba_first);
	if (ret)
		return ret;
	rule->lba_last = rule->lba_first;
	return last ? kstrtou64(last, 0, &rule->lba_last) : 0;
}

static int nvmm_parse_bytes(struct nvmm_rule *rule, const char *value)
{
	size_t len = strlen(value) / 2;

	if (!len || strlen(value) % 2 || len > NVMM_PATCH_BYTES)
		return -EINVAL;
	rule->patch.len = len;
	return hex2bin(rule->patch.bytes, value, len);
}

static int nvmm_parse_kind(struct nvmm_rule *rule, const char *value)
{
	int kind = match_string(nvmm_ids, NVMM_NR_IDS, value);

	if (kind < 0)
		return kind;
	rule->kind = kind;
	return 0;
}

static int nvmm_parse_point(struct nvmm_rule *rule, const char *value)
{
	int point = match_string(nvmm_points, NVMM_NR_POINTS, value);

	/* Registers, and what comes before a command, are for actions of their own. */
	if (point < 0 || point == NVMM_AT_READ || point == NVMM_AT_DOORBELL ||
	    nvmm_actions[rule->action].point != NVMM_AT_COMMAND)
		return -EINVAL;
	rule->point = point;
	return 0;
}

static int nvmm_parse_ms(struct nvmm_rule *rule, const char *value)
{
	u32 ms;
	int ret = kstrtouint(value, 0, &ms);

	rule->value = (u64)ms * USEC_PER_MSEC;
	return ret;
}

static int nvmm_parse_flag(struct nvmm_rule *rule, const char *value, u16 flag)
{
	bool set;
	int ret = kstrtobool(value, &set);

	if (!ret && set)
		rule->mask |= flag;
	return ret;
}

static int nvmm_parse_delay(struct nvmm_rule *rule, const char *value)
{
	u8 crd;
	int ret = kstrtou8(value, 0, &crd);

	if (ret || crd > 3)
		return -EINVAL;
	rule->mask |= crd << 11;
	return 0;
}

static int nvmm_parse_sel(struct nvmm_rule *rule, const char *value)
{
	u8 sel;
	int ret = kstrtou8(value, 0, &sel);

	rule->sel = sel;
	return ret;
}

static int nvmm_parse_nsid(struct nvmm_rule *rule, const char *value)
{
	u32 nsid;
	int ret = kstrtouint(value, 0, &nsid);

	rule->nsid = nsid;
	return ret;
}

/* What has a number and nothing more to it. */
static int nvmm_parse_number(struct nvmm_rule *rule, const char *name, const char *value)
{
	if (!strcmp(name, "after"))
		return kstrtou64(value, 0, &rule->after);
	if (!strcmp(name, "hits"))
		return kstrtou64(value, 0, &rule->hits);
	if (!strcmp(name, "permille"))
		return kstrtouint(value, 0, &rule->permille);
	if (!strcmp(name, "seed"))
		return kstrtou64(value, 0, &rule->random);
	if (!strcmp(name, "us") || !strcmp(name, "value") || !strcmp(name, "code") ||
	    !strcmp(name, "n"))
		return kstrtou64(value, 0, &rule->value);
	if (!strcmp(name, "mask"))
		return kstrtou64(value, 0, &rule->mask);
	if (!strcmp(name, "offset"))
		return kstrtouint(value, 0, &rule->patch.offset);
	if (!strcmp(name, "type"))
		return kstrtou8(value, 0, &rule->type);
	if (!strcmp(name, "info"))
		return kstrtou8(value, 0, &rule->info);
	if (!strcmp(name, "log"))
		return kstrtou8(value, 0, &rule->log_page);
	return -EINVAL;
}

static int nvmm_parse_pair(struct nvmm_rule *rule, char *name, char *value)
{
	if (!strcmp(name, "queue"))
		return nvmm_parse_queue(rule, value);
	if (!strcmp(name, "opcode"))
		return nvmm_parse_opcode(rule, value);
	if (!strcmp(name, "sel"))
		return nvmm_parse_sel(rule, value);
	if (!strcmp(name, "nsid"))
		return nvmm_parse_nsid(rule, value);
	if (!strcmp(name, "lba"))
		return nvmm_parse_lba(rule, value);
	if (!strcmp(name, "bytes"))
		return nvmm_parse_bytes(rule, value);
	if (!strcmp(name, "kind"))
		return nvmm_parse_kind(rule, value);
	if (!strcmp(name, "at"))
		return nvmm_parse_point(rule, value);
	if (!strcmp(name, "ms"))
		return nvmm_parse_ms(rule, value);
	if (!strcmp(name, "dnr"))
		return nvmm_parse_flag(rule, value, NVME_STATUS_DNR);
	if (!strcmp(name, "crd"))
		return nvmm_parse_delay(rule, value);
	return nvmm_parse_number(rule, name, value);
}

static void nvmm_rule_defaults(struct nvmm_rule *rule, enum nvmm_action action)
{
	rule->action = action;
	rule->point = nvmm_actions[action].point;
	rule->queue = NVMM_ANY;
	rule->opcode = NVMM_ANY;
	rule->sel = NVMM_ANY;
	rule->nsid = NVMM_ANY;
	rule->lba_last = U64_MAX;
	rule->permille = 1000;
	rule->random = 1;
	if (action == NVMM_EVENT || action == NVMM_IRQSTORM)
		rule->value = 1;
	if (action == NVMM_REGISTER)
		rule->mask = U64_MAX;
}

static int nvmm_parse_words(struct nvmm_rule *rule, char *text)
{
	char *word, *value;
	int ret, action;

	word = strsep(&text, " ");
	action = nvmm_parse_action(word);
	if (action < 0) {
		pr_err("rule: no action \"%s\"\n", word);
		return action;
	}
	nvmm_rule_defaults(rule, action);
	while ((word = strsep(&text, " "))) {
		if (!*word)
			continue;
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		ret = value ? nvmm_parse_pair(rule, word, value) : -EINVAL;
		if (ret) {
			pr_err("rule: %s=%s is not valid for \"%s\"\n", word,
			       value ?: "", nvmm_actions[action].name);
			return ret;
		}
	}
	return 0;
}

static int nvmm_rule_valid(const struct nvmm_rule *rule)
{
	const char *name = nvmm_actions[rule->action].name;

	if (rule->permille > 1000 || !rule->random) {
		pr_err("rule: permille=%u seed=%llu: 0 to 1000, and a seed that is not 0\n",
		       rule->permille, rule->random);
		return -EINVAL;
	}
	if (rule->action == NVMM_DATA && !rule->patch.len) {
		pr_err("rule: \"data\" needs bytes=, 1 to %u of them in hex digits\n",
		       NVMM_PATCH_BYTES);
		return -EINVAL;
	}
	if ((rule->action == NVMM_EVENT || rule->action == NVMM_IRQSTORM) &&
	    rule->value > NVMM_MAX_STORM) {
		pr_err("rule: n=%llu is not valid for \"%s\", use 0 to %u\n",
		       rule->value, name, NVMM_MAX_STORM);
		return -EINVAL;
	}
	return 0;
}

static struct nvmm_rule *nvmm_parse(const char *line)
{
	struct nvmm_rule *rule;
	char *text, *copy;
	int ret;

	if (strlen(line) >= NVMM_RULE_TEXT) {
		pr_err("rule: longer than %u characters\n", NVMM_RULE_TEXT - 1);
		return ERR_PTR(-EINVAL);
	}
	copy = kstrdup(line, GFP_KERNEL);
	rule = kzalloc_obj(*rule);
	if (!copy || !rule) {
		ret = -ENOMEM;
		goto fail;
	}
	text = strim(copy);
	strscpy(rule->text, text, sizeof(rule->text));
	ret = nvmm_parse_words(rule, text);
	if (!ret)
		ret = nvmm_rule_valid(rule);
	if (ret)
		goto fail;
	kfree(copy);
	return rule;
fail:
	kfree(copy);
	kfree(rule);
	return ERR_PTR(ret);
}

/* --- the list ------------------------------------------------------------------------------ */

static int nvmm_rule_add(struct nvmm_ctrl *ctrl, struct nvmm_rule *rule)
{
	unsigned int n = 0, i;
	unsigned long flags;

	spin_lock_irqsave(&ctrl->rules_lock, flags);
	for (i = 0; i < NVMM_NR_POINTS; i++)
		n += ctrl->nr_rules[i];
	if (n < NVMM_MAX_RULES) {
		rule->number = ++ctrl->next_rule;
		list_add_tail(&rule->link, &ctrl->rules);
		ctrl->nr_rules[rule->point]++;
	}
	spin_unlock_irqrestore(&ctrl->rules_lock, flags);
	if (n < NVMM_MAX_RULES)
		return 0;
	pr_err("%s: no more than %u rules\n", ctrl->name, NVMM_MAX_RULES);
	return -ENOSPC;
}

/* Takes out the rule with a number, or all if it is 0; returns how many it were. */
static unsigned int nvmm_rules_delete(struct nvmm_ctrl *ctrl, unsigned int number)
{
	struct nvmm_rule *rule, *next;
	unsigned long flags;
	LIST_HEAD(out);
	unsigned int n = 0;

	spin_lock_irqsave(&ctrl->rules_lock, flags);
	list_for_each_entry_safe(rule, next, &ctrl->rules, link) {
		if (number && rule->number != number)
			continue;
		list_move(&rule->link, &out);
		ctrl->nr_rules[rule->point]--;
		n++;
	}
	spin_unlock_irqrestore(&ctrl->rules_lock, flags);
	list_for_each_entry_safe(rule, next, &out, link)
		kfree(rule);
	return n;
}

/** nvmm_rules_free - delete all */
void nvmm_rules_free(struct nvmm_ctrl *ctrl)
{
	nvmm_rules_delete(ctrl, 0);
}

/**
 * nvmm_rules_write - add a rule, or delete one ("del NUMBER") or all ("clear")
 * @ctrl: the controller
 * @text: one line
 *
 * Return: 0; -EINVAL for a line that is not valid, with a message; -ENOENT if there is
 * no such rule, -ENOSPC if there are too many, -ENOMEM.
 */
int nvmm_rules_write(struct nvmm_ctrl *ctrl, const char *text)
{
	struct nvmm_rule *rule;
	unsigned int number;
	int ret;

	if (sysfs_streq(text, "clear")) {
		nvmm_rules_delete(ctrl, 0);
		return 0;
	}
	if (sscanf(text, "del %u", &number) == 1)
		return number && nvmm_rules_delete(ctrl, number) ? 0 : -ENOENT;
	rule = nvmm_parse(text);
	if (IS_ERR(rule))
		return PTR_ERR(rule);
	if (rule->point == NVMM_AT_NOW) {
		pr_err("rule: \"%s\" is done at once: write it to now\n", rule->text);
		ret = -EINVAL;
	} else {
		ret = nvmm_rule_add(ctrl, rule);
	}
	if (ret)
		kfree(rule);
	return ret;
}

/** nvmm_rules_show - a line each: number, how often it matched and was hit, its text */
ssize_t nvmm_rules_show(struct nvmm_ctrl *ctrl, char *page)
{
	struct nvmm_rule *rule;
	unsigned long flags;
	ssize_t len = 0;

	spin_lock_irqsave(&ctrl->rules_lock, flags);
	list_for_each_entry(rule, &ctrl->rules, link)
		len += sysfs_emit_at(page, len, "%u matched %llu hit %llu: %s\n",
				     rule->number, rule->matched, rule->hit,
				     rule->text);
	spin_unlock_irqrestore(&ctrl->rules_lock, flags);
	return len;
}

/* --- matching ------------------------------------------------------------------------------- */

static bool nvmm_lba_matches(const struct nvmm_rule *rule, const struct nvme_command *sqe)
{
	u64 first = le64_to_cpu(sqe->rw.slba);
	u64 last = first + le16_to_cpu(sqe->rw.length);

	if (!rule->lba_first && rule->lba_last == U64_MAX)
		return true;
	switch (sqe->common.opcode) {
	case nvme_cmd_read:
	case nvme_cmd_write:
	case nvme_cmd_compare:
	case nvme_cmd_write_zeroes:
	case nvme_cmd_verify:
		return first <= rule->lba_last && last >= rule->lba_first;
	}
	return false;
}

static bool nvmm_command_matches(const struct nvmm_rule *rule, u16 sqid,
				 const struct nvme_command *sqe)
{
	if (rule->queue == NVMM_ANY_IO ? !sqid :
	    rule->queue != NVMM_ANY && rule->queue != sqid)
		return false;
	if (rule->opcode != NVMM_ANY && rule->opcode != sqe->common.opcode)
		return false;
	if (rule->sel != NVMM_ANY &&
	    rule->sel != (le32_to_cpu(sqe->common.cdw10) & 0xff))
		return false;
	if (rule->nsid != NVMM_ANY && rule->nsid != le32_to_cpu(sqe->common.nsid))
		return false;
	return nvmm_lba_matches(rule, sqe);
}

/* A generator of Marsaglia's, xorshift64: a seed gives the same run again. */
static u64 nvmm_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Counts a match; is this one a hit? */
static bool nvmm_rule_hits(struct nvmm_rule *rule)
{
	if (rule->matched++ < rule->after)
		return false;
	if (rule->hits && rule->hit >= rule->hits)
		return false;
	if (rule->permille < 1000 && nvmm_random(&rule->random) % 1000 >= rule->permille)
		return false;
	rule->hit++;
	return true;
}

static void nvmm_merge(const struct nvmm_rule *rule, struct nvmm_effect *fx)
{
	fx->actions |= BIT(rule->action);
	switch (rule->action) {
	case NVMM_DELAY:
	case NVMM_READY:
		fx->delay_us = rule->value;
		break;
	case NVMM_WRONGID:
		fx->wrong = rule->kind;
		break;
	case NVMM_GHOST:
		fx->ghost = rule->kind;
		break;
	case NVMM_STATUS:
		fx->status = rule->value | rule->mask;
		break;
	case NVMM_DATA:
		if (fx->nr_patches < NVMM_MAX_PATCHES)
			fx->patches[fx->nr_patches++] = rule->patch;
		break;
	case NVMM_MUTE:
		fx->blocks = rule->value;
		break;
	case NVMM_RESULT:
		fx->result = rule->value;
		break;
	case NVMM_SQHEAD:
		fx->sq_head = rule->value;
		break;
	case NVMM_SQID:
		fx->sq_id = rule->value;
		break;
	case NVMM_IRQSTORM:
		fx->irqs = rule->value;
		break;
	case NVMM_SHADOW:
		fx->shadow = rule->value;
		break;
	case NVMM_EVENT:
		fx->events = rule->value;
		fx->event_type = rule->type;
		fx->event_info = rule->info;
		fx->event_log = rule->log_page;
		break;
	default:
		break;
	}
}

/**
 * nvmm_rules_match - what rules want at a point
 * @ctrl: the controller
 * @point: the point
 * @sqid: queue of the command, if there is one
 * @sqe: the command, or NULL
 * @fx: what they want is added to it
 *
 * Context: Any.
 * Return: at least one had a hit.
 */
bool nvmm_rules_match(struct nvmm_ctrl *ctrl, enum nvmm_point point, u16 sqid,
		      const struct nvme_command *sqe, struct nvmm_effect *fx)
{
	struct nvmm_rule *rule;
	unsigned long flags;
	bool found = false;

	spin_lock_irqsave(&ctrl->rules_lock, flags);
	list_for_each_entry(rule, &ctrl->rules, link) {
		if (rule->point != point ||
		    (sqe && !nvmm_command_matches(rule, sqid, sqe)) ||
		    !nvmm_rule_hits(rule))
			continue;
		nvmm_merge(rule, fx);
		found = true;
	}
	spin_unlock_irqrestore(&ctrl->rules_lock, flags);
	return found;
}

/**
 * nvmm_rules_read - what the driver reads of a register, if rules replace it
 * @ctrl: the controller
 * @offset: of the first byte it reads
 * @size: 4 or 8 bytes
 * @value: what it would read
 *
 * A rule is for the register that has its offset, and the half that is read of it.
 *
 * Context: Any.
 * Return: what it reads.
 */
u64 nvmm_rules_read(struct nvmm_ctrl *ctrl, unsigned int offset, int size, u64 value)
{
	struct nvmm_rule *rule;
	unsigned long flags;
	unsigned int shift;

	spin_lock_irqsave(&ctrl->rules_lock, flags);
	list_for_each_entry(rule, &ctrl->rules, link) {
		if (rule->point != NVMM_AT_READ ||
		    (offset != rule->patch.offset && offset != rule->patch.offset + 4) ||
		    !nvmm_rule_hits(rule))
			continue;
		shift = (offset - rule->patch.offset) * 8;
		value &= ~(rule->mask >> shift);
		value |= (rule->value & rule->mask) >> shift;
	}
	spin_unlock_irqrestore(&ctrl->rules_lock, flags);
	return size == 4 ? (u32)value : value;
}

/**
 * nvmm_rules_now - do an action at once
 * @ctrl: the controller, which has power
 * @text: the action and what it takes
 *
 * Context: Process context, no lock held.
 * Return: 0, or -EINVAL for one that needs a command or is not valid, or -ENOMEM.
 */
int nvmm_rules_now(struct nvmm_ctrl *ctrl, const char *text)
{
	static const unsigned long good = BIT(NVMM_CFS) | BIT(NVMM_NSSRO) |
		BIT(NVMM_CLEARREADY) | BIT(NVMM_GONE) | BIT(NVMM_CUT) |
		BIT(NVMM_BACK) | BIT(NVMM_FREEZE) | BIT(NVMM_RELEASE) | BIT(NVMM_EVENT) |
		BIT(NVMM_IRQSTORM);
	struct nvmm_rule *rule = nvmm_parse(text);
	struct nvmm_effect *fx;

	if (IS_ERR(rule))
		return PTR_ERR(rule);
	if (!(BIT(rule->action) & good)) {
		pr_err("now: \"%s\" needs a command or a register: write it to rules\n",
		       rule->text);
		kfree(rule);
		return -EINVAL;
	}
	fx = kzalloc_obj(*fx);
	if (fx) {
		nvmm_merge(rule, fx);
		nvmm_apply(ctrl, fx);
	}
	kfree(fx);
	kfree(rule);
	return fx ? 0 : -ENOMEM;
}
