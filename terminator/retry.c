/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/retry.h"

/* Slots are used in turn; one that is not of this time is empty. */
static struct retry_slot *slot_of(struct retry_budget *budget, uint64_t now)
{
	uint64_t number = now / RETRY_SLOT_MS;
	struct retry_slot *slot = &budget->slots[number % RETRY_SLOTS];

	if (slot->number != number)
		*slot = (struct retry_slot){.number = number};
	return slot;
}

void retry_count(struct retry_budget *budget, uint64_t now)
{
	slot_of(budget, now)->requests++;
}

bool retry_take(struct retry_budget *budget, uint64_t now, uint32_t per_mille,
		uint32_t minimum)
{
	struct retry_slot *current = slot_of(budget, now);
	uint64_t requests = 0, retries = 0;

	for (unsigned i = 0; i < RETRY_SLOTS; i++) {
		const struct retry_slot *slot = &budget->slots[i];

		if (slot->number + RETRY_SLOTS <= current->number)
			continue;
		requests += slot->requests;
		retries += slot->retries;
	}
	if (retries >= minimum && (retries + 1) * 1000 > requests * per_mille)
		return false;
	current->retries++;
	return true;
}
