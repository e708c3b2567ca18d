/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A terminal that is drawn again and again, or a pipe that text goes to, plain.
 */
#ifndef QS_LBCTL_SCREEN_H
#define QS_LBCTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct screen {
	bool on;   /* standard output is a terminal, and drawn on */
	bool keys; /* standard input is one, too, and gives single keys */
	struct termios before;
	bool any_shown;
};

/*
 * screen_begin: takes over the terminal, if standard output is one and
 * `wanted`; SIGINT, SIGTERM and SIGHUP then end screen_wait().
 */
void screen_begin(struct screen *screen, bool wanted);

/* screen_end: gives the terminal back as it was. */
void screen_end(struct screen *screen);

/* screen_width: characters in a line; 80 if nobody knows. */
size_t screen_width(const struct screen *screen);

/*
 * screen_show: draws the text, cut to what fits; in a pipe it follows the last
 * one after an empty line.
 */
void screen_show(struct screen *screen, const char *text);

/*
 * screen_wait: waits so long, less if the terminal's size changes. Returns
 * whether the user wants to end: "q", or a signal.
 */
bool screen_wait(struct screen *screen, unsigned int ms);

#endif
