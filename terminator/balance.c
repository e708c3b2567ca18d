/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/balance.h"

void balance_add(struct balance *balance)
{
	balance->entries[balance->count++] = (struct balance_entry){0};
}

void balance_remove(struct balance *balance, size_t i)
{
	balance_weigh(balance, i, 0);
	balance->entries[i] = balance->entries[--balance->count];
}

void balance_weigh(struct balance *balance, size_t i, uint32_t weight)
{
	struct balance_entry *entry = &balance->entries[i];

	balance->total += (int64_t)weight - entry->weight;
	entry->weight = weight;
}

/* What somebody is owed counts in rounds, and a round is as long as the sum of
 * the weights: debts from a time of great weights must not take the place of
 * many rounds when weights are small. */
static void rescale(struct balance *balance)
{
	double ratio = (double)balance->total / (double)balance->scale;

	for (size_t i = 0; i < balance->count && balance->scale; i++)
		balance->entries[i].credit *= ratio;
	balance->scale = balance->total;
}

long balance_pick(struct balance *balance)
{
	int64_t total = 0;
	long best = -1;

	if (balance->total && balance->total != balance->scale)
		rescale(balance);
	for (size_t i = 0; i < balance->count; i++) {
		struct balance_entry *entry = &balance->entries[i];

		if (entry->out || !entry->weight)
			continue;
		entry->credit += entry->weight;
		total += entry->weight;
		if (best < 0 || entry->credit > balance->entries[best].credit)
			best = (long)i;
	}
	if (best >= 0)
		balance->entries[best].credit -= total;
	return best;
}
