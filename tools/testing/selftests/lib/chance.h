/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers at random for programs that try things: the same seed gives the same ones on each
 * machine, whatever its C library.
 */
#ifndef _SELFTEST_CHANCE_H
#define _SELFTEST_CHANCE_H

static unsigned long long chance_state;

/* Zero is no state: it would stay zero. */
static void chance_seed(unsigned long long seed) { chance_state = seed * 2 + 1; }

/* A step of Marsaglia's xorshift with Vigna's multiplier. */
static unsigned long long chance(void)
{
	chance_state ^= chance_state >> 12;
	chance_state ^= chance_state << 25;
	chance_state ^= chance_state >> 27;
	return chance_state * 2685821657736338717ULL;
}

static unsigned int below(unsigned int n) { return (chance() >> 33) % n; }

#endif /* _SELFTEST_CHANCE_H */
