// SPDX-License-Identifier: GPL-2.0
/*
 * Temperatures: what the SMART log says of the controller and its sensors, and the
 * thresholds beyond which it warns, for the kernel's hardware monitoring.
 *
 * Channel 0 is the composite temperature, channel n is sensor n. A read of a temperature
 * costs a command once in a second at most, a threshold costs one each time. They are sent
 * like those of a user: only while the controller is live, and never in the way of a reset
 * or of a suspend.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/hwmon.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/units.h>

#include "admin.h"
#include "cmd.h"
#include "ctrl.h"
#include "hwmon.h"
#include "prp.h"

#define NVMEC_NR_SENSORS	8
#define NVMEC_MAX_KELVIN	U16_MAX

/**
 * struct nvmec_hwmon - the temperatures of a controller
 * @ctrl: the controller, which outlives it
 * @dev: the device of the kernel's hardware monitoring
 * @thresholds: channels that have some, by bit; fixed
 * @silent: a command had no answer, which cost a reset, and no other is sent
 * @lock: guards @log, @log_since, @has_log; held while a command is sent
 * @log: as it was last read
 * @log_since: when that was, in jiffies
 * @has_log: it was read
 */
struct nvmec_hwmon {
	struct nvmec_ctrl	*ctrl;
	struct device		*dev;
	unsigned long		thresholds;
	bool			silent;
	struct mutex		lock;
	struct nvme_smart_log	*log;
	unsigned long		log_since;
	bool			has_log;
};

/* --- commands ------------------------------------------------------------- */

/*
 * Sends a command. A status is -EIO: the controller does not know what was asked for. Who
 * looks at temperatures all the time must not cost a silent controller all its resets.
 */
static int nvmec_hwmon_ask(struct nvmec_hwmon *hwmon, struct nvme_command *cmd,
			   void *data, unsigned int bytes, u32 *result)
{
	int ret;

	if (READ_ONCE(hwmon->silent))
		return -ETIMEDOUT;
	ret = nvmec_admin_for_user(hwmon->ctrl, cmd, data, bytes, result);
	if (ret == -ETIMEDOUT)
		WRITE_ONCE(hwmon->silent, true);
	return ret > 0 ? -EIO : ret;
}

static int nvmec_hwmon_read_log(struct nvmec_hwmon *hwmon)
{
	struct nvme_command cmd;
	int ret;

	lockdep_assert_held(&hwmon->lock);
	if (hwmon->has_log && time_before(jiffies, hwmon->log_since + HZ))
		return 0;
	nvmec_cmd_get_log(&cmd, NVME_LOG_SMART, sizeof(*hwmon->log));
	ret = nvmec_hwmon_ask(hwmon, &cmd, hwmon->log, sizeof(*hwmon->log),
			      NULL);
	hwmon->has_log = !ret;
	hwmon->log_since = jiffies;
	return ret;
}

/* Command dword 11 of the feature, but for the threshold itself. */
static u32 nvmec_hwmon_select(int channel, bool under)
{
	return channel << NVME_TEMP_THRESH_SELECT_SHIFT |
	       (under ? NVME_TEMP_THRESH_TYPE_UNDER : 0);
}

static int nvmec_hwmon_get_threshold(struct nvmec_hwmon *hwmon, int channel,
				     bool under, long *value)
{
	struct nvme_command cmd;
	u32 result;
	int ret;

	nvmec_cmd_get_feature(&cmd, NVME_FEAT_TEMP_THRESH,
			      nvmec_hwmon_select(channel, under));
	ret = nvmec_hwmon_ask(hwmon, &cmd, NULL, 0, &result);
	if (!ret)
		*value = kelvin_to_millicelsius(result & NVME_TEMP_THRESH_MASK);
	return ret;
}

static int nvmec_hwmon_set_threshold(struct nvmec_hwmon *hwmon, int channel,
				     bool under, long value)
{
	struct nvme_command cmd;
	u32 kelvin;

	if (value < kelvin_to_millicelsius(0) ||
	    value > kelvin_to_millicelsius(NVMEC_MAX_KELVIN)) {
		dev_err_ratelimited(&hwmon->ctrl->dev,
				    "temp%d_%s: %ld is not valid, use %ld to %ld\n",
				    channel + 1, under ? "min" : "max", value,
				    kelvin_to_millicelsius(0),
				    kelvin_to_millicelsius(NVMEC_MAX_KELVIN));
		return -EINVAL;
	}
	kelvin = millicelsius_to_kelvin(value);
	nvmec_cmd_set_feature(&cmd, NVME_FEAT_TEMP_THRESH,
			      nvmec_hwmon_select(channel, under) | kelvin);
	return nvmec_hwmon_ask(hwmon, &cmd, NULL, 0, NULL);
}

/* --- what the kernel asks ------------------------------------------------- */

/* In kelvins; 0: there is no such sensor. */
static u16 nvmec_hwmon_kelvin(const struct nvmec_hwmon *hwmon, int channel)
{
	if (!channel)
		return get_unaligned_le16(hwmon->log->temperature);
	return le16_to_cpu(hwmon->log->temp_sensor[channel - 1]);
}

static int nvmec_hwmon_read_log_value(struct nvmec_hwmon *hwmon, u32 attr,
				      int channel, long *value)
{
	int ret;

	guard(mutex)(&hwmon->lock);
	ret = nvmec_hwmon_read_log(hwmon);
	if (ret)
		return ret;
	if (attr == hwmon_temp_alarm) {
		*value = !!(hwmon->log->critical_warning &
			    NVME_SMART_CRIT_TEMPERATURE);
		return 0;
	}
	if (!nvmec_hwmon_kelvin(hwmon, channel))
		return -ENODATA;
	*value = kelvin_to_millicelsius(nvmec_hwmon_kelvin(hwmon, channel));
	return 0;
}

static int nvmec_hwmon_read(struct device *dev, enum hwmon_sensor_types type,
			    u32 attr, int channel, long *value)
{
	struct nvmec_hwmon *hwmon = dev_get_drvdata(dev);

	switch (attr) {
	case hwmon_temp_input:
	case hwmon_temp_alarm:
		return nvmec_hwmon_read_log_value(hwmon, attr, channel, value);
	case hwmon_temp_max:
	case hwmon_temp_min:
		return nvmec_hwmon_get_threshold(hwmon, channel,
						 attr == hwmon_temp_min, value);
	case hwmon_temp_crit:
		*value = kelvin_to_millicelsius(hwmon->ctrl->ident.cctemp);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int nvmec_hwmon_write(struct device *dev, enum hwmon_sensor_types type,
			     u32 attr, int channel, long value)
{
	struct nvmec_hwmon *hwmon = dev_get_drvdata(dev);

	switch (attr) {
	case hwmon_temp_max:
	case hwmon_temp_min:
		return nvmec_hwmon_set_threshold(hwmon, channel,
						 attr == hwmon_temp_min, value);
	default:
		return -EOPNOTSUPP;
	}
}

static const char * const nvmec_hwmon_labels[] = {
	"Composite", "Sensor 1", "Sensor 2", "Sensor 3", "Sensor 4", "Sensor 5",
	"Sensor 6", "Sensor 7", "Sensor 8",
};

static_assert(ARRAY_SIZE(nvmec_hwmon_labels) == 1 + NVMEC_NR_SENSORS);

static int nvmec_hwmon_read_string(struct device *dev,
				   enum hwmon_sensor_types type, u32 attr,
				   int channel, const char **text)
{
	*text = nvmec_hwmon_labels[channel];
	return 0;
}

/* Asked once, when the log was read for the first time. */
static umode_t nvmec_hwmon_is_visible(const void *data,
				      enum hwmon_sensor_types type, u32 attr,
				      int channel)
{
	const struct nvmec_hwmon *hwmon = data;

	if (channel && !nvmec_hwmon_kelvin(hwmon, channel))
		return 0;
	switch (attr) {
	case hwmon_temp_max:
	case hwmon_temp_min:
		return hwmon->thresholds & BIT(channel) ? 0644 : 0;
	case hwmon_temp_crit:
		return hwmon->ctrl->ident.cctemp ? 0444 : 0;
	default:
		return 0444;
	}
}

static const struct hwmon_ops nvmec_hwmon_ops = {
	.is_visible	= nvmec_hwmon_is_visible,
	.read		= nvmec_hwmon_read,
	.read_string	= nvmec_hwmon_read_string,
	.write		= nvmec_hwmon_write,
};

#define NVMEC_HWMON_SENSOR \
	(HWMON_T_INPUT | HWMON_T_MAX | HWMON_T_MIN | HWMON_T_LABEL)

static const struct hwmon_channel_info * const nvmec_hwmon_info[] = {
	HWMON_CHANNEL_INFO(temp,
			   NVMEC_HWMON_SENSOR | HWMON_T_CRIT | HWMON_T_ALARM,
			   NVMEC_HWMON_SENSOR, NVMEC_HWMON_SENSOR,
			   NVMEC_HWMON_SENSOR, NVMEC_HWMON_SENSOR,
			   NVMEC_HWMON_SENSOR, NVMEC_HWMON_SENSOR,
			   NVMEC_HWMON_SENSOR, NVMEC_HWMON_SENSOR),
	NULL
};

static const struct hwmon_chip_info nvmec_hwmon_chip = {
	.ops	= &nvmec_hwmon_ops,
	.info	= nvmec_hwmon_info,
};

/* --- life ----------------------------------------------------------------- */

/* Which sensors there are, and which have thresholds; returns 0 or an errno. */
static int nvmec_hwmon_learn(struct nvmec_hwmon *hwmon)
{
	int channel, ret;
	long unused;

	mutex_lock(&hwmon->lock);
	ret = nvmec_hwmon_read_log(hwmon);
	mutex_unlock(&hwmon->lock);
	for (channel = 0; !ret && channel <= NVMEC_NR_SENSORS; channel++) {
		if (channel && !nvmec_hwmon_kelvin(hwmon, channel))
			continue;
		ret = nvmec_hwmon_get_threshold(hwmon, channel, false, &unused);
		if (!ret)
			hwmon->thresholds |= BIT(channel);
		else if (ret == -EIO)
			ret = 0;
	}
	return ret;
}

static struct nvmec_hwmon *nvmec_hwmon_alloc(struct nvmec_ctrl *ctrl)
{
	struct nvmec_hwmon *hwmon;

	hwmon = kzalloc(sizeof(*hwmon), GFP_KERNEL);
	if (!hwmon)
		return NULL;
	/* There are controllers that write a page, however little was asked for. */
	hwmon->log = kzalloc(NVMEC_PAGE_SIZE, GFP_KERNEL);
	if (!hwmon->log) {
		kfree(hwmon);
		return NULL;
	}
	hwmon->ctrl = ctrl;
	mutex_init(&hwmon->lock);
	return hwmon;
}

static void nvmec_hwmon_free(struct nvmec_hwmon *hwmon)
{
	kfree(hwmon->log);
	kfree(hwmon);
}

/**
 * nvmec_hwmon_add - show the temperatures of a controller, unless that was done
 * @ctrl: the controller; one that does not know them is none the worse
 *
 * What the controller could not answer because it was reset is asked after the next scan. So
 * is all of it if there was no memory.
 *
 * Context: Process context of scan_work, no lock held, may sleep.
 */
void nvmec_hwmon_add(struct nvmec_ctrl *ctrl)
{
	struct nvmec_hwmon *hwmon;
	int ret = -ENOMEM;

	if (ctrl->hwmon || ctrl->no_hwmon)
		return;
	hwmon = nvmec_hwmon_alloc(ctrl);
	if (hwmon)
		ret = nvmec_hwmon_learn(hwmon);
	if (!ret) {
		hwmon->dev = hwmon_device_register_with_info(&ctrl->dev, "nvme",
							     hwmon,
							     &nvmec_hwmon_chip,
							     NULL);
		ret = PTR_ERR_OR_ZERO(hwmon->dev);
		/* That is what it says without memory for the name. */
		if (ret == -EINVAL)
			ret = -ENOMEM;
	}
	if (!ret) {
		ctrl->hwmon = hwmon;
		return;
	}
	if (hwmon)
		nvmec_hwmon_free(hwmon);
	if (ret == -EAGAIN || ret == -ENOMEM)
		return;
	ctrl->no_hwmon = true;
	dev_warn(&ctrl->dev, "temperatures: error %d, they are not shown\n", ret);
}

/**
 * nvmec_hwmon_remove - undo nvmec_hwmon_add()
 * @ctrl: the controller; its scan_work does not run
 *
 * Nobody reads temperatures any more on return; who does is waited for, which takes one
 * command at most. Does nothing the second time.
 *
 * Context: Process context, may sleep.
 */
void nvmec_hwmon_remove(struct nvmec_ctrl *ctrl)
{
	if (!ctrl->hwmon)
		return;
	hwmon_device_unregister(ctrl->hwmon->dev);
	nvmec_hwmon_free(ctrl->hwmon);
	ctrl->hwmon = NULL;
}
