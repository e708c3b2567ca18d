/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/balance.h"

/* Keeps the sum of all credits near zero: only their differences count, but
 * scaling one of them would turn what they have in common into a difference. */
static void centre(struct balance_entry *entries, size_t count)
{
	int64_t sum = 0, weighted = 0;

	for (size_t i = 0; i < count; i++) {
		sum += entries[i].credit;
		weighted += entries[i].weight > 0;
	}
	for (size_t i = 0; i < count && weighted; i++)
		if (entries[i].weight)
			entries[i].credit -= sum / weighted;
}

void balance_weigh(struct balance_entry *entries, size_t count, size_t i,
		   uint32_t weight)
{
	struct balance_entry *entry = &entries[i];

	if (entry->weight == weight)
		return;
	entry->credit =
		entry->weight ? entry->credit * weight / entry->weight : 0;
	entry->weight = weight;
	centre(entries, count);
}

long balance_pick(struct balance_entry *entries, size_t count)
{
	int64_t total = 0;
	long best = -1;

	for (size_t i = 0; i < count; i++) {
		struct balance_entry *entry = &entries[i];

		if (entry->out || !entry->weight)
			continue;
		entry->credit += entry->weight;
		total += entry->weight;
		if (best < 0 || entry->credit > entries[best].credit)
			best = i;
	}
	if (best >= 0)
		entries[best].credit -= total;
	return best;
}
