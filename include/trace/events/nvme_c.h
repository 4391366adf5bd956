/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of nvme_c: commands, their completions, asynchronous events, and states of
 * controllers, with the names that the NVM Express specifications have for them: Base
 * Specification (opcodes of admin commands, status codes, asynchronous events, log pages),
 * NVM Command Set and Zoned Namespace Command Set Specifications (opcodes and status
 * codes of theirs).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nvme_c

#if !defined(_TRACE_NVME_C_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_NVME_C_H

#include <linux/trace_seq.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

#ifndef _TRACE_NVME_C_ONCE
#define _TRACE_NVME_C_ONCE

/* Whose opcode it is. */
enum nvmec_trace_set {
	NVMEC_TRACE_ADMIN,
	NVMEC_TRACE_NVM,
	NVMEC_TRACE_ZNS,
};

/* Fields of a status without its phase bit. */
#define NVMEC_TRACE_STATUS	0x7ff
#define NVMEC_TRACE_CRD_SHIFT	11
#define NVMEC_TRACE_DNR		0x4000

/* Command dwords 10 to 15 */
#define NVMEC_TRACE_DWORDS	6

/**
 * struct nvmec_trace_cmd - which command it is
 * @ctrl: name of the controller
 * @queue: 0 for the admin queue
 * @id: command id
 * @nsid: namespace id
 * @set: enum nvmec_trace_set
 * @opcode: of @set
 * @cdw: command dwords 10 to 15; of submissions only
 */
struct nvmec_trace_cmd {
	const char	*ctrl;
	u16		queue;
	u16		id;
	u32		nsid;
	u8		set;
	u8		opcode;
	u32		cdw[NVMEC_TRACE_DWORDS];
};

const char *nvmec_trace_words(struct trace_seq *seq, u8 set, u8 opcode,
			      const u32 *cdw);
#endif

TRACE_DEFINE_ENUM(NVMEC_TRACE_ADMIN);
TRACE_DEFINE_ENUM(NVMEC_TRACE_NVM);
TRACE_DEFINE_ENUM(NVMEC_TRACE_ZNS);

#define show_nvmec_admin(opcode)					\
	__print_symbolic(opcode,					\
		{ 0x00, "delete_sq" },					\
		{ 0x01, "create_sq" },					\
		{ 0x02, "get_log_page" },				\
		{ 0x04, "delete_cq" },					\
		{ 0x05, "create_cq" },					\
		{ 0x06, "identify" },					\
		{ 0x08, "abort" },					\
		{ 0x09, "set_features" },				\
		{ 0x0a, "get_features" },				\
		{ 0x0c, "async_event_request" },			\
		{ 0x0d, "namespace_management" },			\
		{ 0x10, "firmware_commit" },				\
		{ 0x11, "firmware_image_download" },			\
		{ 0x14, "device_self_test" },				\
		{ 0x15, "namespace_attachment" },			\
		{ 0x18, "keep_alive" },					\
		{ 0x19, "directive_send" },				\
		{ 0x1a, "directive_receive" },				\
		{ 0x1c, "virtualization_management" },			\
		{ 0x1d, "nvme_mi_send" },				\
		{ 0x1e, "nvme_mi_receive" },				\
		{ 0x20, "capacity_management" },			\
		{ 0x24, "lockdown" },					\
		{ 0x7c, "doorbell_buffer_config" },			\
		{ 0x80, "format_nvm" },					\
		{ 0x81, "security_send" },				\
		{ 0x82, "security_receive" },				\
		{ 0x84, "sanitize" },					\
		{ 0x86, "get_lba_status" })

#define show_nvmec_nvm(opcode)						\
	__print_symbolic(opcode,					\
		{ 0x00, "flush" },					\
		{ 0x01, "write" },					\
		{ 0x02, "read" },					\
		{ 0x04, "write_uncorrectable" },			\
		{ 0x05, "compare" },					\
		{ 0x08, "write_zeroes" },				\
		{ 0x09, "dataset_management" },				\
		{ 0x0c, "verify" },					\
		{ 0x0d, "reservation_register" },			\
		{ 0x0e, "reservation_report" },				\
		{ 0x11, "reservation_acquire" },			\
		{ 0x12, "io_management_receive" },			\
		{ 0x15, "reservation_release" },			\
		{ 0x18, "cancel" },					\
		{ 0x19, "copy" },					\
		{ 0x1d, "io_management_send" })

/* What the zoned command set has beside all those of NVM */
#define show_nvmec_zns(opcode)						\
	__print_symbolic(opcode,					\
		{ 0x79, "zone_management_send" },			\
		{ 0x7a, "zone_management_receive" },			\
		{ 0x7d, "zone_append" })

#define show_nvmec_opcode()						\
	(__entry->set == NVMEC_TRACE_ADMIN ?				\
		show_nvmec_admin(__entry->opcode) :			\
	 __entry->set == NVMEC_TRACE_ZNS && __entry->opcode >= 0x79 ?	\
		show_nvmec_zns(__entry->opcode) :			\
		show_nvmec_nvm(__entry->opcode))

/* By status code type and code: command sets share no code of type 1. */
#define show_nvmec_status(status)					\
	__print_symbolic((status) & NVMEC_TRACE_STATUS,			\
		{ 0x000, "success" },					\
		{ 0x001, "invalid_opcode" },				\
		{ 0x002, "invalid_field" },				\
		{ 0x003, "command_id_conflict" },			\
		{ 0x004, "data_transfer_error" },			\
		{ 0x005, "aborted_power_loss" },			\
		{ 0x006, "internal_error" },				\
		{ 0x007, "abort_requested" },				\
		{ 0x008, "aborted_sq_deletion" },			\
		{ 0x009, "aborted_failed_fused" },			\
		{ 0x00a, "aborted_missing_fused" },			\
		{ 0x00b, "invalid_namespace_or_format" },		\
		{ 0x00c, "command_sequence_error" },			\
		{ 0x00d, "invalid_sgl_segment" },			\
		{ 0x00e, "invalid_number_of_sgl_descriptors" },		\
		{ 0x00f, "invalid_data_sgl_length" },			\
		{ 0x010, "invalid_metadata_sgl_length" },		\
		{ 0x011, "invalid_sgl_descriptor_type" },		\
		{ 0x012, "invalid_use_of_cmb" },			\
		{ 0x013, "invalid_prp_offset" },			\
		{ 0x014, "atomic_write_unit_exceeded" },		\
		{ 0x015, "operation_denied" },				\
		{ 0x016, "invalid_sgl_offset" },			\
		{ 0x018, "host_identifier_inconsistent" },		\
		{ 0x019, "keep_alive_expired" },			\
		{ 0x01a, "invalid_keep_alive_timeout" },		\
		{ 0x01b, "aborted_preempt_and_abort" },			\
		{ 0x01c, "sanitize_failed" },				\
		{ 0x01d, "sanitize_in_progress" },			\
		{ 0x01e, "invalid_sgl_data_block_granularity" },	\
		{ 0x01f, "command_not_supported_in_cmb" },		\
		{ 0x020, "namespace_write_protected" },			\
		{ 0x021, "command_interrupted" },			\
		{ 0x022, "transient_transport_error" },			\
		{ 0x023, "prohibited_by_lockdown" },			\
		{ 0x024, "admin_media_not_ready" },			\
		{ 0x080, "lba_out_of_range" },				\
		{ 0x081, "capacity_exceeded" },				\
		{ 0x082, "namespace_not_ready" },			\
		{ 0x083, "reservation_conflict" },			\
		{ 0x084, "format_in_progress" },			\
		{ 0x100, "invalid_completion_queue" },			\
		{ 0x101, "invalid_queue_identifier" },			\
		{ 0x102, "invalid_queue_size" },			\
		{ 0x103, "abort_limit_exceeded" },			\
		{ 0x105, "async_event_limit_exceeded" },		\
		{ 0x106, "invalid_firmware_slot" },			\
		{ 0x107, "invalid_firmware_image" },			\
		{ 0x108, "invalid_interrupt_vector" },			\
		{ 0x109, "invalid_log_page" },				\
		{ 0x10a, "invalid_format" },				\
		{ 0x10b, "firmware_needs_conventional_reset" },		\
		{ 0x10c, "invalid_queue_deletion" },			\
		{ 0x10d, "feature_not_saveable" },			\
		{ 0x10e, "feature_not_changeable" },			\
		{ 0x10f, "feature_not_namespace_specific" },		\
		{ 0x110, "firmware_needs_subsystem_reset" },		\
		{ 0x111, "firmware_needs_controller_reset" },		\
		{ 0x112, "firmware_needs_maximum_time_violation" },	\
		{ 0x113, "firmware_activation_prohibited" },		\
		{ 0x114, "overlapping_range" },				\
		{ 0x115, "namespace_insufficient_capacity" },		\
		{ 0x116, "namespace_identifier_unavailable" },		\
		{ 0x118, "namespace_already_attached" },		\
		{ 0x119, "namespace_is_private" },			\
		{ 0x11a, "namespace_not_attached" },			\
		{ 0x11b, "thin_provisioning_not_supported" },		\
		{ 0x11c, "invalid_controller_list" },			\
		{ 0x11d, "self_test_in_progress" },			\
		{ 0x11e, "boot_partition_write_prohibited" },		\
		{ 0x11f, "invalid_controller_identifier" },		\
		{ 0x120, "invalid_secondary_controller_state" },	\
		{ 0x121, "invalid_number_of_controller_resources" },	\
		{ 0x122, "invalid_resource_identifier" },		\
		{ 0x123, "sanitize_prohibited_with_pmr" },		\
		{ 0x124, "invalid_ana_group_identifier" },		\
		{ 0x125, "ana_attach_failed" },				\
		{ 0x126, "insufficient_capacity" },			\
		{ 0x127, "namespace_attachment_limit_exceeded" },	\
		{ 0x128, "prohibition_not_supported" },			\
		{ 0x129, "io_command_set_not_supported" },		\
		{ 0x12a, "io_command_set_not_enabled" },		\
		{ 0x12b, "io_command_set_combination_rejected" },	\
		{ 0x12c, "invalid_io_command_set" },			\
		{ 0x12d, "identifier_unavailable" },			\
		{ 0x180, "conflicting_attributes" },			\
		{ 0x181, "invalid_protection_information" },		\
		{ 0x182, "write_to_read_only_range" },			\
		{ 0x183, "command_size_limit_exceeded" },		\
		{ 0x1b8, "zone_boundary_error" },			\
		{ 0x1b9, "zone_is_full" },				\
		{ 0x1ba, "zone_is_read_only" },				\
		{ 0x1bb, "zone_is_offline" },				\
		{ 0x1bc, "zone_invalid_write" },			\
		{ 0x1bd, "too_many_active_zones" },			\
		{ 0x1be, "too_many_open_zones" },			\
		{ 0x1bf, "invalid_zone_state_transition" },		\
		{ 0x280, "write_fault" },				\
		{ 0x281, "unrecovered_read_error" },			\
		{ 0x282, "guard_check_error" },				\
		{ 0x283, "application_tag_check_error" },		\
		{ 0x284, "reference_tag_check_error" },			\
		{ 0x285, "compare_failure" },				\
		{ 0x286, "access_denied" },				\
		{ 0x287, "deallocated_or_unwritten_block" },		\
		{ 0x288, "storage_tag_check_error" },			\
		{ 0x300, "internal_path_error" },			\
		{ 0x301, "asymmetric_access_persistent_loss" },		\
		{ 0x302, "asymmetric_access_inaccessible" },		\
		{ 0x303, "asymmetric_access_transition" },		\
		{ 0x360, "controller_pathing_error" },			\
		{ 0x370, "host_pathing_error" },			\
		{ 0x371, "aborted_by_host" })

#define show_nvmec_event_type(type)					\
	__print_symbolic(type,						\
		{ 0, "error" },						\
		{ 1, "health" },					\
		{ 2, "notice" },					\
		{ 6, "io_command_set" },				\
		{ 7, "vendor" })

/* By type, above the eight bits of the information */
#define show_nvmec_event_info(type, info)				\
	__print_symbolic((type) << 8 | (info),				\
		{ 0x000, "invalid_doorbell_register" },			\
		{ 0x001, "invalid_doorbell_value" },			\
		{ 0x002, "diagnostic_failure" },			\
		{ 0x003, "persistent_internal_error" },			\
		{ 0x004, "transient_internal_error" },			\
		{ 0x005, "firmware_image_load_error" },			\
		{ 0x100, "subsystem_reliability" },			\
		{ 0x101, "temperature_threshold" },			\
		{ 0x102, "spare_below_threshold" },			\
		{ 0x200, "namespace_attribute_changed" },		\
		{ 0x201, "firmware_activation_starting" },		\
		{ 0x202, "telemetry_log_changed" },			\
		{ 0x203, "asymmetric_access_changed" },			\
		{ 0x204, "predictable_latency_log_changed" },		\
		{ 0x205, "lba_status_alert" },				\
		{ 0x206, "endurance_group_log_changed" },		\
		{ 0x600, "reservation_log_available" },			\
		{ 0x601, "sanitize_completed" },			\
		{ 0x602, "sanitize_completed_with_deallocation" })

#define show_nvmec_log_page(lid)					\
	__print_symbolic(lid,						\
		{ 0x01, "error" },					\
		{ 0x02, "health" },					\
		{ 0x03, "firmware_slot" },				\
		{ 0x04, "changed_namespaces" },				\
		{ 0x05, "effects" },					\
		{ 0x06, "self_test" },					\
		{ 0x07, "telemetry_host" },				\
		{ 0x08, "telemetry_controller" },			\
		{ 0x09, "endurance_group" },				\
		{ 0x0a, "predictable_latency" },			\
		{ 0x0b, "predictable_latency_events" },			\
		{ 0x0c, "asymmetric_access" },				\
		{ 0x0d, "persistent_event" },				\
		{ 0x0e, "lba_status" },					\
		{ 0x0f, "endurance_group_events" },			\
		{ 0x80, "reservation" },				\
		{ 0x81, "sanitize" },					\
		{ 0xbf, "changed_zones" })

/* A command is in the ring; the controller may not have been told yet. */
TRACE_EVENT(nvmec_submit,
	TP_PROTO(const struct nvmec_trace_cmd *cmd),

	TP_ARGS(cmd),

	TP_STRUCT__entry(
		__string(ctrl,		cmd->ctrl)
		__field(u32,		nsid)
		__field(u16,		queue)
		__field(u16,		id)
		__field(u8,		set)
		__field(u8,		opcode)
		__array(u32,		cdw,	NVMEC_TRACE_DWORDS)
	),

	TP_fast_assign(
		__assign_str(ctrl);
		__entry->nsid	= cmd->nsid;
		__entry->queue	= cmd->queue;
		__entry->id	= cmd->id;
		__entry->set	= cmd->set;
		__entry->opcode	= cmd->opcode;
		memcpy(__entry->cdw, cmd->cdw, sizeof(__entry->cdw));
	),

	TP_printk("%s queue=%u id=%#x nsid=%u opcode=%s%s",
		  __get_str(ctrl), __entry->queue, __entry->id, __entry->nsid,
		  show_nvmec_opcode(),
		  nvmec_trace_words(p, __entry->set, __entry->opcode,
				    __entry->cdw))
);

/*
 * A command has ended, by the controller, by a reset that took it back, or by a fault on
 * purpose. It may be sent again.
 */
TRACE_EVENT(nvmec_complete,
	TP_PROTO(const struct nvmec_trace_cmd *cmd, u16 status, u64 result,
		 unsigned int retries),

	TP_ARGS(cmd, status, result, retries),

	TP_STRUCT__entry(
		__string(ctrl,		cmd->ctrl)
		__field(u64,		result)
		__field(u32,		nsid)
		__field(u16,		queue)
		__field(u16,		id)
		__field(u16,		status)
		__field(u8,		set)
		__field(u8,		opcode)
		__field(u8,		retries)
	),

	TP_fast_assign(
		__assign_str(ctrl);
		__entry->result	= result;
		__entry->nsid	= cmd->nsid;
		__entry->queue	= cmd->queue;
		__entry->id	= cmd->id;
		__entry->status	= status;
		__entry->set	= cmd->set;
		__entry->opcode	= cmd->opcode;
		__entry->retries = retries;
	),

	TP_printk("%s queue=%u id=%#x nsid=%u opcode=%s status=%s code=%#x dnr=%u crd=%u retries=%u result=%#llx",
		  __get_str(ctrl), __entry->queue, __entry->id, __entry->nsid,
		  show_nvmec_opcode(),
		  show_nvmec_status(__entry->status),
		  __entry->status & NVMEC_TRACE_STATUS,
		  !!(__entry->status & NVMEC_TRACE_DNR),
		  (__entry->status >> NVMEC_TRACE_CRD_SHIFT) & 3,
		  __entry->retries, (unsigned long long)__entry->result)
);

/* An asynchronous event has come; it is handled later. */
TRACE_EVENT(nvmec_event,
	TP_PROTO(const char *ctrl, u32 result),

	TP_ARGS(ctrl, result),

	TP_STRUCT__entry(
		__string(ctrl,		ctrl)
		__field(u8,		type)
		__field(u8,		info)
		__field(u8,		lid)
	),

	TP_fast_assign(
		__assign_str(ctrl);
		__entry->type	= result & 7;
		__entry->info	= result >> 8;
		__entry->lid	= result >> 16;
	),

	TP_printk("%s type=%s info=%s log=%s", __get_str(ctrl),
		  show_nvmec_event_type(__entry->type),
		  show_nvmec_event_info(__entry->type, __entry->info),
		  show_nvmec_log_page(__entry->lid))
);

/* The state of a controller changed; the names are those of its attribute. */
TRACE_EVENT(nvmec_state,
	TP_PROTO(const char *ctrl, const char *from, const char *to),

	TP_ARGS(ctrl, from, to),

	TP_STRUCT__entry(
		__string(ctrl,		ctrl)
		__string(from,		from)
		__string(to,		to)
	),

	TP_fast_assign(
		__assign_str(ctrl);
		__assign_str(from);
		__assign_str(to);
	),

	TP_printk("%s from=%s to=%s", __get_str(ctrl), __get_str(from),
		  __get_str(to))
);

#endif /* _TRACE_NVME_C_H */

/* This part must be outside protection. */
#include <trace/define_trace.h>
