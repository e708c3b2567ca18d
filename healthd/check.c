/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/check.h"

bool check_result(struct check *check, const struct qs_config_check *config,
		  bool passed)
{
	enum qs_backend_health seen = passed ? QS_HEALTH_UP : QS_HEALTH_DOWN;
	uint32_t needed = passed ? config->rise : config->fall;

	if (seen == check->health) {
		check->against = 0;
		return false;
	}
	check->against++;
	if (check->health != QS_HEALTH_UNKNOWN && check->against < needed)
		return false;
	*check = (struct check){.health = seen};
	return true;
}

uint32_t spread_ms(uint32_t ms, qs_per_mille jitter, uint32_t random)
{
	uint64_t reach = (uint64_t)ms * (jitter < 1000 ? jitter : 1000) / 1000;
	uint64_t spread = ms - reach + random % (2 * reach + 1);

	return spread ? spread : 1;
}

uint32_t check_pause_ms(const struct check *check,
			const struct qs_config_check *config, uint32_t random)
{
	uint32_t ms = check->health == QS_HEALTH_DOWN ? config->interval_down_ms
						      : config->interval_ms;

	return spread_ms(ms, config->jitter, random);
}
