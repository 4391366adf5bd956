/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The attribute table, in alphabetical order. Configuration struct, module
 * parameters, configfs files, features, validation messages and the table in
 * the documentation are made from it, so it may be included many times, each
 * time with other macros:
 *
 * NBC_ATTR(name, param, type, default, min, max, flags, help)
 *	an attribute in configfs, @name, and a module parameter, @param, which is
 *	its default
 * NBC_ATTR_ONLY(name, type, default, min, max, flags, help)
 *	an attribute in configfs without a parameter
 * NBC_ATTR_TEXT(name, mode, flags, help)
 *	an attribute in configfs, always live, whose text nbc_<name>_store() and,
 *	if @mode is RW and not WO, nbc_<name>_show() know
 * NBC_PARAM_ONLY(param, type, default, min, max, flags, help)
 *	a module parameter only
 * NBC_PARAM_FAULT(param, help)
 *	a module parameter that sets a fault of every new device
 *
 * @type is one of enum nbc_type, @flags a set of NBC_A_*, all in attr.h. @min
 * and @max bound every type but BOOL and NODE.
 */
#ifndef NBC_ATTR_ONLY
#define NBC_ATTR_ONLY(...)
#endif
#ifndef NBC_ATTR_TEXT
#define NBC_ATTR_TEXT(...)
#endif
#ifndef NBC_PARAM_ONLY
#define NBC_PARAM_ONLY(...)
#endif
#ifndef NBC_PARAM_FAULT
#define NBC_PARAM_FAULT(...)
#endif

NBC_ATTR_ONLY(atomic_write, UINT, 0, 512, NBC_MAX_ATOMIC_BYTES,
	      NBC_A_POW2 | NBC_A_ZERO | NBC_A_OURS,
	      "largest write in bytes that can be asked to be whole or not at all; 0 for none")
NBC_ATTR_TEXT(badblocks, RW, 0,
	      "+FIRST-LAST marks sectors bad, -FIRST-LAST good; shows first and number")
NBC_ATTR_ONLY(badblocks_once, BOOL, 0, 0, 1, 0,
	      "a bad range that a command met is good afterwards")
NBC_ATTR_ONLY(badblocks_partial_io, BOOL, 0, 0, 1, 0,
	      "transfer what comes before a bad block, then fail")
NBC_ATTR(blocking, blocking, BOOL, 0, 0, 1, 0,
	 "let the block layer call the driver where it may sleep; always so when memory-backed")
NBC_ATTR(blocksize, bs, UINT, 512, 512, MQBLK_MAX_BLOCK_BYTES,
	 NBC_A_POW2 | NBC_A_CLAMP_PARAM,
	 "logical and physical block size in bytes")
NBC_ATTR_ONLY(cache_history, BOOL, 0, 0, 1, NBC_A_OURS,
	      "keep the order of writes to the cache, for power_cut and crash_state")
NBC_ATTR(cache_size, cache_size, ULONG, 0, 0, NBC_MAX_CACHE_MB, NBC_A_CLAMP,
	 "size in MiB of a volatile write cache, 0 for none; memory-backed devices only")
NBC_ATTR_ONLY(charge_writer, BOOL, 0, 0, 1, NBC_A_OURS,
	      "charge memory for data to the cgroup that writes it; memory-backed devices only")
NBC_ATTR(completion_nsec, completion_nsec, ULONG, 10000, 0, LONG_MAX, NBC_A_LIVE_OURS,
	 "time in ns that a request waits before it completes, with irqmode 2")
NBC_ATTR_TEXT(crash_state, WO, NBC_A_OURS,
	      "DEVICE POLICY [SEED]: take as data what such a power cut would leave of a device")
NBC_ATTR_TEXT(crash_states, WO, NBC_A_OURS,
	      "NAME COUNT POLICY [SEED]: keep what such power cuts would leave as snapshots")
NBC_ATTR(discard, discard, BOOL, 0, 0, 1, 0,
	 "offer discard, which frees memory; memory-backed devices only")
NBC_PARAM_ONLY(drop_in, BOOL, 0, 0, 1, 0,
	       "take the names of the kernel's null_blk, which must not be loaded")
NBC_ATTR_ONLY(fail_reads, BOOL, 0, 0, 1, NBC_A_OURS,
	      "reads fail, as there is nothing to read; not when memory-backed")
NBC_ATTR(fua, fua, BOOL, 1, 0, 1, 0,
	 "offer writes that are durable when they complete (FUA); with a cache only")
NBC_ATTR_TEXT(held, RW, NBC_A_OURS,
	      "what waits by a rule; release ID lets it go on, fail ID STATUS fails it; or all")
NBC_ATTR(home_node, home_node, NODE, -1, -1, 0, NBC_A_CLAMP_PARAM,
	 "NUMA node of queues and data, -1 for any")
NBC_ATTR(hw_queue_depth, hw_queue_depth, UINT, 64, 1, BLK_MQ_MAX_DEPTH,
	 NBC_A_CLAMP,
	 "requests per hardware queue")
NBC_ATTR_ONLY(index, UINT, 0, 0, MINORMASK, 0,
	      "minor number; power-on takes the first free one from here up")
NBC_PARAM_FAULT(init_hctx,
		"fail to set up hardware queues: interval,probability,space,times")
NBC_ATTR(iops, iops, ULONG, 0, 0, NBC_MAX_IOPS, NBC_A_LIVE_OURS | NBC_A_OURS,
	 "most operations a second, 0 for no limit")
NBC_ATTR(iops_read, iops_read, ULONG, 0, 0, NBC_MAX_IOPS, NBC_A_LIVE_OURS | NBC_A_OURS,
	 "most reads a second, 0 for no limit but iops")
NBC_ATTR(iops_write, iops_write, ULONG, 0, 0, NBC_MAX_IOPS, NBC_A_LIVE_OURS | NBC_A_OURS,
	 "most writes a second, of any kind, 0 for no limit but iops")
NBC_ATTR(irqmode, irqmode, UINT, 1, 0, 2, 0,
	 "completion: 0 inline, 1 as the block layer decides (softirq), 2 by timer")
NBC_ATTR_TEXT(latency, RW, NBC_A_OURS,
	      "a model of how long operations take, as a whole; off for none")
NBC_ATTR_TEXT(lies, RW, NBC_A_OURS,
	      "what was not as it was said to be, by a rule; forget ID, up to it, or forget all")
NBC_ATTR(max_sectors, max_sectors, UINT, 0, NBC_MIN_MAX_SECTORS, UINT_MAX,
	 NBC_A_ZERO,
	 "largest request in units of 512 bytes, 0 for the block layer's own limits")
NBC_ATTR(mbps, mbps, UINT, 0, 0, NBC_MAX_MBPS,
	 NBC_A_CLAMP | NBC_A_LIVE_OURS,
	 "most data read and written in MiB a second, 0 for no limit")
NBC_ATTR(mbps_read, mbps_read, UINT, 0, 0, NBC_MAX_MBPS,
	 NBC_A_CLAMP | NBC_A_LIVE_OURS | NBC_A_OURS,
	 "most data read in MiB a second, 0 for no limit but mbps")
NBC_ATTR(mbps_write, mbps_write, UINT, 0, 0, NBC_MAX_MBPS,
	 NBC_A_CLAMP | NBC_A_LIVE_OURS | NBC_A_OURS,
	 "most data written in MiB a second, 0 for no limit but mbps")
NBC_ATTR(memory_backed, memory_backed, BOOL, 0, 0, 1, 0,
	 "keep written data in memory")
NBC_ATTR(no_sched, no_sched, BOOL, 0, 0, 1, 0,
	 "start with the I/O scheduler none; another can be chosen later")
NBC_PARAM_ONLY(nr_devices, UINT, 1, 0, NBC_MAX_DEVICES, 0,
	       "devices to make at load, nullbc0 and so on")
NBC_ATTR_TEXT(origin, WO, NBC_A_OURS,
	      "DEVICE/NAME: take as data a clone of a snapshot")
NBC_ATTR_ONLY(pi_guard, UINT, 0, 0, 2, NBC_A_OURS,
	      "guard tag of pi_type: 0 16-bit CRC, 1 16-bit IP checksum, 2 64-bit CRC")
NBC_ATTR_ONLY(pi_type, UINT, 0, 0, 3, NBC_A_OURS,
	      "T10 protection information, stored with each block: types 1 to 3, 0 for none")
NBC_ATTR(poll_queues, poll_queues, UINT, 1, 0, UINT_MAX,
	 NBC_A_CPUS | NBC_A_PARAM_MAX | NBC_A_CLAMP | NBC_A_LIVE,
	 "hardware queues for polled I/O; the module parameter is the most a device can have")
NBC_ATTR_ONLY(power, BOOL, 0, 0, 1, NBC_A_LIVE,
	      "1 makes the disk, 0 removes it; its data stays until the directory is removed")
NBC_ATTR_TEXT(power_cut, WO, NBC_A_OURS,
	      "POLICY [SEED]: switch off, and lose what was not flushed as the policy says")
NBC_ATTR(queue_mode, queue_mode, UINT, NBC_Q_RQ, NBC_Q_RQ, NBC_Q_RQ,
	 NBC_A_ZERO,
	 "2: requests by way of hardware queues; 0: bios, without queues and scheduler")
NBC_ATTR_TEXT(record, RW, NBC_A_OURS,
	      "what to record of operations: off, on, or data too; forget, mark TEXT")
NBC_ATTR_ONLY(record_mb, ULONG, 16, 1, NBC_MAX_RECORD_MB, NBC_A_LIVE_OURS | NBC_A_OURS,
	      "memory in MiB for a record that nobody reads, from when it is switched on")
NBC_PARAM_FAULT(requeue,
		"send requests back to the block layer: interval,probability,space,times")
NBC_ATTR(rotational, rotational, BOOL, 0, 0, 1, 0,
	 "claim to be a rotating disk")
NBC_ATTR_TEXT(rules, RW, NBC_A_OURS,
	      "add,WORD=VALUE,... says what fails or is slow, remove,id=N ends it; shows all")
NBC_ATTR_ONLY(secure_erase, BOOL, 0, 0, 1, NBC_A_OURS,
	      "offer secure erase, which leaves no copy in the disk; memory-backed devices only")
NBC_ATTR(shared_tag_bitmap, shared_tag_bitmap, BOOL, 0, 0, 1, 0,
	 "one set of tags for all hardware queues")
NBC_ATTR(shared_tags, shared_tags, BOOL, 0, 0, 1, 0,
	 "share hardware queues and tags, made by the module parameters, with all such devices")
NBC_ATTR(size, gb, ULONG, 256000, 0, NBC_MAX_SIZE_MB, NBC_A_PARAM_GIB | NBC_A_LIVE_OURS,
	 "size in MiB, which can only grow while powered; the module parameter gb counts GiB")
NBC_ATTR_TEXT(snapshot, RW, NBC_A_OURS,
	      "NAME keeps the data as it is now; shows names and sizes in MiB")
NBC_ATTR_TEXT(snapshot_drop, WO, NBC_A_OURS,
	      "NAME: keep a snapshot no longer")
NBC_ATTR(submit_queues, submit_queues, UINT, 1, 1, UINT_MAX,
	 NBC_A_CPUS | NBC_A_CLAMP | NBC_A_LIVE,
	 "hardware queues for I/O that is not polled")
NBC_PARAM_FAULT(timeout,
		"never complete requests: interval,probability,space,times")
NBC_ATTR(use_per_node_hctx, use_per_node_hctx, BOOL, 0, 0, 1, 0,
	 "one submit queue per online NUMA node, whatever submit_queues says")
NBC_ATTR(virt_boundary, virt_boundary, BOOL, 0, 0, 1, 0,
	 "accept no gaps inside pages between the segments of a request")
NBC_ATTR_ONLY(write_streams, UINT, 0, 0, NBC_MAX_STREAMS, NBC_A_OURS,
	      "streams that writes can be in, each of them counted; 0 for none")
NBC_ATTR(zone_append_max_sectors, zone_append_max_sectors, UINT, INT_MAX, 0,
	 UINT_MAX, 0,
	 "largest zone append in units of 512 bytes, 0 lets the block layer emulate it by writes")
NBC_ATTR(zone_capacity, zone_capacity, ULONG, 0, 0, NBC_MAX_ZONE_MB, 0,
	 "how much of a sequential zone can be written, in MiB, 0 for all")
NBC_ATTR(zone_full, zone_full, BOOL, 0, 0, 1, 0,
	 "sequential zones are full at first")
NBC_ATTR(zone_max_active, zone_max_active, UINT, 0, 0, UINT_MAX, 0,
	 "most zones that are open or closed at a time, 0 for no limit")
NBC_ATTR(zone_max_open, zone_max_open, UINT, 0, 0, UINT_MAX, 0,
	 "most zones that are open at a time, 0 for no limit")
NBC_ATTR(zone_nr_conv, zone_nr_conv, UINT, 0, 0, UINT_MAX, 0,
	 "number of conventional zones, the first ones")
NBC_ATTR_TEXT(zone_offline, WO, 0,
	      "a sector: its zone goes offline, or becomes empty if it is so")
NBC_ATTR_TEXT(zone_readonly, WO, 0,
	      "a sector: its zone becomes read-only, or empty if it is so")
NBC_ATTR(zone_size, zone_size, ULONG, 256, 1, NBC_MAX_ZONE_MB, NBC_A_POW2,
	 "size of a zone in MiB")
NBC_ATTR(zoned, zoned, BOOL, 0, 0, 1, 0,
	 "be a host-managed zoned disk")

#undef NBC_ATTR
#undef NBC_ATTR_ONLY
#undef NBC_ATTR_TEXT
#undef NBC_PARAM_ONLY
#undef NBC_PARAM_FAULT
