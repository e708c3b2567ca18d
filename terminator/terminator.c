/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/terminator.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "loader/lib/tcp_listen.h"
#include "terminator/access_log.h"
#include "terminator/goaway.h"
#include "terminator/health.h"
#include "terminator/icmp.h"
#include "terminator/listing.h"

enum { HEARTBEAT_MS = 100 };

#define SAMPLE_NS NS_PER_SECOND

/* Closes all handles; the loop then ends. */
static void end(struct terminator *t, enum qs_close_reason reason)
{
	int i;

	if (t->ending)
		return;
	t->ending = true;
	for (i = 0; i < TERMINATOR_SIGNALS; i++)
		uv_close((uv_handle_t *)&t->signals[i], NULL);
	uv_close((uv_handle_t *)&t->heartbeat, NULL);
	manager_close(&t->manager);
	successor_close(&t->successor);
	quic_close(&t->quic, reason);
	tcp_close(&t->tcp, reason);
	router_close(t->quic.router);
	limits_close(&t->limits);
	if (!t->options.standalone)
		control_close(&t->control);
}

static void read_health(void *user, struct health_state *ret_state)
{
	const struct terminator *t = user;

	*ret_state = (struct health_state){
		.name = t->options.name,
		.draining = t->drain.state != DRAIN_SERVING,
		.with_loader = !t->options.standalone,
		.loader_connected = t->control.registered,
	};
}

void terminator_tell_health(struct terminator *t)
{
	const struct health_source source = {read_health, t};

	router_tell_health(t->quic.router, &source);
}

/* Drain */

/* What the loader gives others alone is not to be taken from the queue that all
 * share. */
static bool may_accept(const struct terminator *t)
{
	if (t->drain.state != DRAIN_SERVING)
		return false;
	if (!t->row)
		return true;
	return __atomic_load_n(&t->row->state, __ATOMIC_ACQUIRE) ==
		       QS_TERMINATOR_LIVE &&
	       __atomic_load_n(&t->row->effective, __ATOMIC_ACQUIRE) > 0;
}

static void leave(struct terminator *t)
{
	uint32_t ms = t->reload.current->settings.drain_timeout_ms;

	log_info("draining: %llu connections, at most %u s",
		 (unsigned long long)t->stats->gauges.connections_open,
		 ms / 1000);
	drain_leave(&t->drain, uv_hrtime(), ms);
	if (t->successor.running)
		manager_hand_over(uv_process_get_pid(&t->successor.process));
	else
		manager_stopping();
	goaway_begin(&t->quic);
	tcp_accept(&t->tcp, false);
	tcp_drain(&t->tcp);
}

static void step_drain(struct terminator *t, uint64_t now_ns)
{
	struct drain_view view = {
		.now_ns = now_ns,
		.now_real_ns = clock_ns(CLOCK_REALTIME),
		.connections = t->stats->gauges.connections_open,
		.wish = t->wish,
	};

	switch (drain_step(&t->drain, &view)) {
	case DRAIN_GO_ON:
		break;
	case DRAIN_BEGIN:
		log_info("draining, as the operator wishes: %llu connections",
			 (unsigned long long)view.connections);
		goaway_begin(&t->quic);
		tcp_drain(&t->tcp);
		break;
	case DRAIN_UNDO:
		log_info("taking new connections again");
		goaway_undo(&t->quic);
		tcp_undrain(&t->tcp);
		break;
	case DRAIN_CLOSE:
		log_info("the operator's deadline: closing %llu connections",
			 (unsigned long long)view.connections);
		quic_close_all(&t->quic, QS_CLOSE_drained);
		tcp_close_all(&t->tcp, QS_CLOSE_drained);
		break;
	case DRAIN_FINISH:
		if (view.connections)
			log_info("the deadline: closing %llu connections",
				 (unsigned long long)view.connections);
		else
			log_info("drained");
		end(t, QS_CLOSE_drained);
		break;
	}
}

static void on_heartbeat(uv_timer_t *timer)
{
	struct terminator *t = timer->data;
	uint64_t now_ns = uv_hrtime();

	t->stats->heartbeat_ns = now_ns;
	usage_beat(&t->usage, now_ns, HEARTBEAT_MS * NS_PER_MS, t->stats);
	if (now_ns - t->sampled_ns >= SAMPLE_NS) {
		usage_sample(t->stats);
		quic_step(&t->quic);
		t->sampled_ns = now_ns;
	}
	t->stats->counters.access_log_dropped +=
		access_log_take_lost(t->reload.access_log);
	goaway_step(&t->quic);
	tcp_step(&t->tcp);
	step_drain(t, now_ns);
	if (!t->ending)
		tcp_accept(&t->tcp, may_accept(t));
}

/* What the loader wants */

static void on_lost(void *user)
{
	struct terminator *t = user;

	/* The one that has us apply it is gone. */
	reload_discard(&t->reload);
}

static void on_refused(void *user, const char *reason)
{
	struct terminator *t = user;

	log_error("the loader does not take us back: %s", reason);
	t->status = 1;
	end(t, QS_CLOSE_shutdown);
}

static void on_drain(void *user)
{
	struct terminator *t = user;

	if (t->drain.state == DRAIN_LEAVING)
		return;
	log_info("a newer process serves as %s", t->options.name);
	leave(t);
}

static void take_certificate(struct terminator *t)
{
	char text[1024];

	if (reload_certificate(&t->reload, text, sizeof(text)))
		log_error("the loader's certificate is not taken: %s", text);
}

static void on_reload(void *user, enum qs_reload_phase phase,
		      struct qs_result *result)
{
	struct terminator *t = user;
	size_t size = sizeof(result->text);
	int err = 0;

	if (phase == QS_RELOAD_DISCARD) {
		reload_discard(&t->reload);
		return;
	}
	if (phase == QS_RELOAD_CERTIFICATE) {
		take_certificate(t);
		return;
	}
	if (phase == QS_RELOAD_CHECK)
		err = reload_check(&t->reload, result->text, size);
	else
		err = reload_apply(&t->reload, result->text, size);
	result->failed = err != 0;
	if (err)
		log_error("reload refused, nothing has changed: %s",
			  result->text);
	else if (phase == QS_RELOAD_APPLY)
		log_info("reloaded");
}

static int on_configs(void *user, const struct qs_configs *configs)
{
	struct terminator *t = user;
	int err = 0, id;

	for (id = 0; id < QS_CID_CONFIGS; id++)
		if (t->stats->connections_by_config[id] &&
		    !configs->configs[id].encoding)
			err = -EBUSY;
	if (!err)
		err = identity_take_configs(&t->identity, configs->configs,
					    configs->config_id);
	if (err) {
		log_error("the loader's CID configurations are refused: %s",
			  err == -EBUSY ? "connections use one that is gone"
					: "they are not legal");
		return err;
	}
	t->identity.leave = configs->leave;
	log_debug("new connections get CIDs of configuration %u",
		  configs->config_id);
	return 0;
}

static void on_secrets(void *user, const struct qs_secrets *secrets)
{
	struct terminator *t = user;

	memcpy(t->identity.secrets.tickets, secrets->tickets,
	       sizeof(secrets->tickets));
	quic_apply_tls(&t->quic);
}

static void on_connections(void *user, int fd)
{
	struct terminator *t = user;
	int err = listing_start(&t->quic, &t->tcp, t->options.name, fd);

	if (err)
		log_warn("connections cannot be listed: %s", strerror(-err));
}

static void on_icmp(void *user, const struct qs_icmp_errors *errors)
{
	struct terminator *t = user;

	icmp_take(&t->quic, errors);
}

static int on_socket(void *user, unsigned index, int fd)
{
	struct terminator *t = user;

	return sockets_set(&t->quic.sockets, index, fd);
}

static int on_listener(void *user, const struct qs_listener_key *key, int fd)
{
	struct terminator *t = user;

	return tcp_listen(&t->tcp, key, fd);
}

static void on_back(void *user)
{
	struct terminator *t = user;
	const struct listener *listener;

	DL_FOREACH (t->tcp.listeners, listener)
		control_give_listener(&t->control, &listener->key,
				      listener->fd);
	/* It may have been renewed meanwhile. */
	take_certificate(t);
}

/* Signals */

static void on_sigterm(uv_signal_t *handle, int number)
{
	struct terminator *t = handle->data;

	(void)number;
	if (t->drain.state == DRAIN_LEAVING) {
		end(t, QS_CLOSE_shutdown);
		return;
	}
	if (!t->options.standalone)
		control_drain(&t->control);
	leave(t);
}

static void on_sigint(uv_signal_t *handle, int number)
{
	(void)number;
	manager_stopping();
	end(handle->data, QS_CLOSE_shutdown);
}

/* At info: they are no failure, but somebody waits for them. */
static void log_notes(char *notes)
{
	char *line, *rest = NULL;

	for (line = strtok_r(notes, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		log_info("%s", line);
}

static void on_sighup(uv_signal_t *handle, int number)
{
	struct terminator *t = handle->data;
	char text[2048], notes[2048];

	(void)number;
	if (t->reload.pending) {
		log_warn("SIGHUP ignored: the loader is in the middle of a "
			 "reload");
		return;
	}
	if (reload_check(&t->reload, notes, sizeof(notes))) {
		log_error("reload refused, nothing has changed: %s", notes);
	} else if (reload_apply(&t->reload, text, sizeof(text))) {
		log_error("reload refused, nothing has changed: %s", text);
	} else {
		log_notes(notes);
		log_info("reloaded, this process alone");
	}
}

static void on_successor_end(void *user, const char *why)
{
	struct terminator *t = user;

	/* After it has taken over, its end is no more our affair. */
	if (t->drain.state != DRAIN_LEAVING)
		log_error("the next process ended before it served (%s): this "
			  "one goes on",
			  why);
}

static void on_sigusr1(uv_signal_t *handle, int number)
{
	struct terminator *t = handle->data;

	(void)number;
	access_log_reopen(t->reload.access_log);
}

static void on_sigusr2(uv_signal_t *handle, int number)
{
	struct terminator *t = handle->data;
	int err;

	(void)number;
	if (t->options.standalone) {
		log_error("hot restart refused: without a loader the kernel "
			  "would hand packets of open connections to the next "
			  "process");
		return;
	}
	if (t->drain.state == DRAIN_LEAVING) {
		log_error("hot restart refused: this process is about to end");
		return;
	}
	err = successor_start(&t->successor, &t->loop, t->argv);
	if (err == -EBUSY)
		log_error("hot restart refused: the next process is being "
			  "started already");
	else if (err)
		log_error("hot restart: %s cannot be started: %s; this process "
			  "goes on",
			  t->argv[0], strerror(-err));
	else
		log_info("hot restart: the next process is %d",
			 uv_process_get_pid(&t->successor.process));
}

static void start_signals(struct terminator *t)
{
	static const struct {
		int number;
		uv_signal_cb callback;
	} signals[TERMINATOR_SIGNALS] = {
		{SIGTERM, on_sigterm}, {SIGINT, on_sigint},
		{SIGHUP, on_sighup},   {SIGUSR1, on_sigusr1},
		{SIGUSR2, on_sigusr2},
	};
	int i;

	for (i = 0; i < TERMINATOR_SIGNALS; i++) {
		uv_signal_init(&t->loop, &t->signals[i]);
		t->signals[i].data = t;
		uv_signal_start(&t->signals[i], signals[i].callback,
				signals[i].number);
	}
}

static void start_control(struct terminator *t)
{
	t->control.on_lost = on_lost;
	t->control.on_refused = on_refused;
	t->control.on_drain = on_drain;
	t->control.on_reload = on_reload;
	t->control.on_configs = on_configs;
	t->control.on_secrets = on_secrets;
	t->control.on_connections = on_connections;
	t->control.on_socket = on_socket;
	t->control.on_icmp = on_icmp;
	t->control.on_listener = on_listener;
	t->control.on_back = on_back;
	t->control.user = t;
	if (!t->options.standalone)
		control_start(&t->control, &t->loop);
}

/* Without a loader nobody gives us sockets. UDP serves all the same. */
static void listen_alone(struct terminator *t)
{
	struct qs_listener_key key = {
		.address = t->options.listen,
		.kind = QS_LISTENER_TLS,
	};
	int fd = qs_tcp_listen(&key.address);

	if (fd < 0 || tcp_listen(&t->tcp, &key, fd))
		log_warn("serves no HTTP/2 and HTTP/1.1: cannot listen on TCP "
			 "port %u: %s",
			 key.address.port, strerror(fd < 0 ? -fd : ENOMEM));
}

static void start_tcp(struct terminator *t)
{
	t->tcp.options = t->reload.current->settings.tcp;
	t->tcp.tls = t->reload.current->tls;
	t->tcp.router = t->quic.router;
	t->tcp.limits = &t->limits;
	t->tcp.stats = t->stats;
	t->tcp.listings = &t->quic.listings;
	tcp_start(&t->tcp, &t->loop);
	if (t->options.standalone)
		listen_alone(t);
	tcp_accept(&t->tcp, may_accept(t));
}

int terminator_serve(struct terminator *t, const int fds[QS_MAX_PORTS])
{
	int err;

	t->quic.options = t->reload.current->settings.quic;
	t->quic.tls = t->reload.current->tls;
	t->quic.identity = &t->identity;
	t->quic.stats = t->stats;
	quic_apply_options(&t->quic);
	err = quic_start(&t->quic, &t->loop, fds);
	if (err) {
		log_error("cannot serve on the UDP sockets: %s",
			  strerror(-err));
		return 1;
	}
	start_tcp(t);
	t->successor.on_end = on_successor_end;
	t->successor.user = t;
	start_control(t);
	start_signals(t);
	uv_timer_init(&t->loop, &t->heartbeat);
	t->heartbeat.data = t;
	uv_timer_start(&t->heartbeat, on_heartbeat, 0, HEARTBEAT_MS);
	manager_start(&t->manager, &t->loop);
	log_info("serving HTTP/3 as %s, pid %d", t->options.name, getpid());
	uv_run(&t->loop, UV_RUN_DEFAULT);
	return t->status;
}
