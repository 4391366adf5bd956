// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of <linux/nvme_ioctl.h>, on the devices of controllers and namespaces
 * alike: structures of user space in, commands out.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/nvme_ioctl.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "ctrl.h"
#include "ns.h"
#include "regs.h"
#include "state.h"
#include "user.h"

/* Of a program of 32 bits: its struct nvme_user_io has no padding at its end. */
#define NVMEC_USER_IO32_BYTES	44
#define NVMEC_SUBMIT_IO32	_IOC(_IOC_WRITE, 'N', 0x42, NVMEC_USER_IO32_BYTES)

static long nvmec_ioctl_cmd(const struct nvmec_user *user, bool admin,
			    struct nvme_passthru_cmd __user *to)
{
	struct nvmec_ucmd ucmd = { .admin = admin };
	struct nvme_passthru_cmd64 arg = {};
	u64 result = 0;
	int ret;

	static_assert(offsetof(struct nvme_passthru_cmd, result) ==
		      offsetof(struct nvme_passthru_cmd64, rsvd2));
	if (copy_from_user(&arg, to, offsetof(struct nvme_passthru_cmd, result)))
		return -EFAULT;
	nvmec_ucmd_fill(&ucmd, &arg);
	ret = nvmec_passthru(user, &ucmd, &result);
	if (ret >= 0 && put_user(lower_32_bits(result), &to->result))
		return -EFAULT;
	return ret;
}

static long nvmec_ioctl_cmd64(const struct nvmec_user *user, bool admin, bool vec,
			      struct nvme_passthru_cmd64 __user *to)
{
	struct nvmec_ucmd ucmd = {
		.admin	= admin,
		.vec	= vec,
		.compat	= in_compat_syscall(),
	};
	struct nvme_passthru_cmd64 arg;
	u64 result = 0;
	int ret;

	if (copy_from_user(&arg, to, sizeof(arg)))
		return -EFAULT;
	nvmec_ucmd_fill(&ucmd, &arg);
	ret = nvmec_passthru(user, &ucmd, &result);
	if (ret >= 0 && put_user(result, &to->result))
		return -EFAULT;
	return ret;
}

static long nvmec_ioctl_submit(const struct nvmec_user *user, const void __user *from,
			       size_t bytes)
{
	struct nvmec_ucmd ucmd = {};
	struct nvme_user_io io = {};
	u64 result;

	if (!user->ns)
		return -ENOTTY;
	if (copy_from_user(&io, from, bytes))
		return -EFAULT;
	switch (io.opcode) {
	case nvme_cmd_read:
	case nvme_cmd_write:
	case nvme_cmd_compare:
		break;
	default:
		return -EINVAL;
	}
	ucmd.cmd.rw = (struct nvme_rw_command) {
		.opcode		= io.opcode,
		.flags		= io.flags,
		.nsid		= cpu_to_le32(user->ns->nsid),
		.slba		= cpu_to_le64(io.slba),
		.length		= cpu_to_le16(io.nblocks),
		.control	= cpu_to_le16(io.control),
		.dsmgmt		= cpu_to_le32(io.dsmgmt),
		.reftag		= cpu_to_le32(io.reftag),
		.lbat		= cpu_to_le16(io.apptag),
		.lbatm		= cpu_to_le16(io.appmask),
	};
	ucmd.addr = io.addr;
	ucmd.meta_addr = io.metadata;
	ucmd.len = nvmec_least_bytes(&ucmd, user->ns->lba_shift, &user->ns->meta);
	ucmd.meta_len = nvmec_least_meta_bytes(&ucmd, &user->ns->meta);
	return nvmec_passthru(user, &ucmd, &result);
}

static long nvmec_ioctl_reset(struct nvmec_ctrl *ctrl)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	return nvmec_ctrl_reset_wait(ctrl);
}

/* It takes all controllers of the subsystem down, and this one has to come up again. */
static long nvmec_ioctl_subsys_reset(struct nvmec_ctrl *ctrl)
{
	long ret = -ENODEV;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (mutex_lock_interruptible(&ctrl->run_lock))
		return -EINTR;
	if (ctrl->running && nvmec_state(ctrl) == NVMEC_LIVE)
		ret = nvmec_ctrl_subsys_reset(ctrl);
	mutex_unlock(&ctrl->run_lock);
	return ret ?: nvmec_ctrl_reset_wait(ctrl);
}

static long nvmec_ioctl_rescan(struct nvmec_ctrl *ctrl)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	return nvmec_ctrl_rescan_wait(ctrl);
}

/**
 * nvmec_user_ioctl - an ioctl of a controller or a namespace
 * @user: who
 * @nr: which
 * @arg: its argument, a pointer of the user's unless it has none
 *
 * Context: Process context of the user, may sleep.
 * Return: what the ioctl returns: a status of the controller is positive. -ENOTTY if
 * there is no such ioctl.
 */
long nvmec_user_ioctl(const struct nvmec_user *user, unsigned int nr,
		      unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (nr) {
	case NVME_IOCTL_ID:
		if (!user->ns)
			return -ENOTTY;
		force_successful_syscall_return();
		return user->ns->nsid;
	case NVME_IOCTL_ADMIN_CMD:
		return nvmec_ioctl_cmd(user, true, argp);
	case NVME_IOCTL_IO_CMD:
		return nvmec_ioctl_cmd(user, false, argp);
	case NVME_IOCTL_ADMIN64_CMD:
		return nvmec_ioctl_cmd64(user, true, false, argp);
	case NVME_IOCTL_IO64_CMD:
		return nvmec_ioctl_cmd64(user, false, false, argp);
	case NVME_IOCTL_IO64_CMD_VEC:
		return nvmec_ioctl_cmd64(user, false, true, argp);
	case NVME_IOCTL_SUBMIT_IO:
		return nvmec_ioctl_submit(user, argp, sizeof(struct nvme_user_io));
	case NVME_IOCTL_RESET:
		return nvmec_ioctl_reset(user->ctrl);
	case NVME_IOCTL_SUBSYS_RESET:
		return nvmec_ioctl_subsys_reset(user->ctrl);
	case NVME_IOCTL_RESCAN:
		return nvmec_ioctl_rescan(user->ctrl);
	default:
		/* No case: on i386 itself the structure has that size, and the number is one. */
		if (nr == NVMEC_SUBMIT_IO32)
			return nvmec_ioctl_submit(user, argp, NVMEC_USER_IO32_BYTES);
		return -ENOTTY;
	}
}
