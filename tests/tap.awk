# SPDX-License-Identifier: GPL-2.0-only
# Read what one suite printed; print its figures, skips and failures; write
# "PASSED FAILED SKIPPED" to the file COUNTS.
#
# Variables: SUITE its name, STATUS its exit status, LIMIT its seconds,
# REPORTS the number of sanitizer reports, COUNTS the file. Results are "ok NAME", "not ok NAME: reason" and
# "skip NAME: reason", or TAP as Criterion prints it ("1..N", "ok - NAME",
# "ok - NAME # SKIP reason", "not ok - NAME" and indented details).

function fail(reason)
{
	failed++
	print "   not ok " SUITE ": " reason
}

/^1\.\.[0-9]+$/ { planned = substr($0, 4) + 0; has_plan = 1; next }
/^TAP version/ { next }
/^# Criterion v/ || /^# Running [0-9]+ test/ || /^#$/ { next }
/^# / { detail = 0; print "   " $0; next }
/^ok .*# SKIP/ {
	detail = 0
	skipped++
	sub(/^ok (- )?/, "skip ")
	sub(/ *# SKIP */, ": ")
	print "   " $0
	next
}
/^skip / { detail = 0; skipped++; print "   " $0; next }
/^ok / { detail = 0; passed++; next }
/^not ok / { detail = 1; failed++; print "   " $0; next }
detail { print "   " $0 }

END {
	seen = passed + failed + skipped
	if (STATUS == 124 || STATUS == 137)
		fail("stopped after " LIMIT " s")
	else if (STATUS != 0 && !failed)
		fail("exit status " STATUS)
	else if (seen == 0)
		fail("no result printed")
	if (REPORTS && !failed)
		fail("a sanitizer reported, see below")
	if (has_plan && seen != planned)
		fail(planned " tests planned, " seen + 0 " reported")
	print passed + 0, failed + 0, skipped + 0 > COUNTS
}
