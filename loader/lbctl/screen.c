/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/screen.h"
#include "loader/lib/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 80, HEIGHT = 24 };

static volatile sig_atomic_t ended, resized;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else
		ended = 1;
}

static void watch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

void screen_begin(struct screen *screen, bool wanted)
{
	struct termios raw;

	*screen = (struct screen){.on = wanted && isatty(1)};
	watch_signals();
	if (!screen->on)
		return;
	if (!tcgetattr(0, &screen->before)) {
		raw = screen->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		screen->keys = !tcsetattr(0, TCSANOW, &raw);
	}
	/* Another page than the shell's, without a cursor. */
	fputs("\033[?1049h\033[?25l", stdout);
	fflush(stdout);
}

void screen_end(struct screen *screen)
{
	if (screen->on) {
		fputs("\033[?25h\033[?1049l", stdout);
		fflush(stdout);
	}
	if (screen->keys)
		tcsetattr(0, TCSANOW, &screen->before);
	*screen = (struct screen){};
}

static void measure(size_t *width, size_t *height)
{
	struct winsize size;
	bool known = !ioctl(1, TIOCGWINSZ, &size) && size.ws_col && size.ws_row;

	*width = known ? size.ws_col : WIDTH;
	*height = known ? size.ws_row : HEIGHT;
}

size_t screen_width(const struct screen *screen)
{
	size_t width, height;

	measure(&width, &height);
	return screen->on ? width : WIDTH;
}

/* Line by line over what is there, so that nothing flickers. */
static void draw(const char *text)
{
	size_t width, height;

	measure(&width, &height);
	fputs("\033[H", stdout);
	for (size_t line = 0; *text && line < height; line++) {
		size_t length = strcspn(text, "\n");

		if (line)
			putchar('\n');
		printf("%.*s\033[K", (int)(length < width ? length : width),
		       text);
		text += length + (text[length] == '\n');
	}
	fputs("\033[J", stdout);
}

void screen_show(struct screen *screen, const char *text)
{
	if (screen->on) {
		draw(text);
	} else {
		if (screen->any_shown)
			putchar('\n');
		fputs(text, stdout);
	}
	screen->any_shown = true;
	fflush(stdout);
}

/* Whether "q" or the end of the terminal is among what was typed. */
static bool typed_end(struct screen *screen)
{
	char keys[32];
	ssize_t count = read(0, keys, sizeof(keys));

	for (ssize_t i = 0; i < count; i++) {
		if (keys[i] == 'q' || keys[i] == 'Q')
			return true;
	}
	/* A terminal that was hung up has no keys any more. */
	screen->keys = count > 0;
	return false;
}

static long long now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

bool screen_wait(struct screen *screen, unsigned int ms)
{
	struct pollfd keys = {.fd = 0, .events = POLLIN};
	long long end = now_ms() + ms, left;

	while (!ended && (left = end - now_ms()) > 0) {
		int ready = poll(&keys, screen->keys, left);

		if (ready > 0 && typed_end(screen))
			return true;
		if (resized && screen->on) {
			resized = 0;
			break;
		}
	}
	return ended;
}
