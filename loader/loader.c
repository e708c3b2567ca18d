/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/loader.h"
#include "loader/ability.h"
#include "loader/port.h"
#include "loader/lib/link.h"
#include "loader/lib/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* New secrets are made only where nobody works with older ones. */
static int load_secrets(struct loader *loader, bool may_make)
{
	const struct options *options = loader->options;
	struct qs_state_secrets *ret_secrets = &loader->secrets;
	char *path = loader->secrets_path;
	int error;

	if (snprintf(path, sizeof(loader->secrets_path), "%s/secrets",
		     options->state_dir) >= (int)sizeof(loader->secrets_path)) {
		log_error("--state-dir %s: the path is too long",
			  options->state_dir);
		return -1;
	}
	error = qs_secrets_load(path, ret_secrets);
	if (error == -ENOENT && !may_make) {
		log_error("%s is missing, and the terminators under %s work "
			  "with what it held: give the --state-dir of the "
			  "earlier loader, or end them and run --detach",
			  path, options->pin_dir);
		return -1;
	}
	if (error == -ENOENT) {
		if (mkdir(options->state_dir, 0700) < 0 && errno != EEXIST)
			error = -errno;
		else
			error = qs_secrets_create(path, ret_secrets);
		if (!error)
			log_info("made new secrets in %s", path);
	}
	if (!error)
		return 0;
	if (error == -EACCES)
		log_error("%s must be a file of the loader's user that nobody "
			  "else may read or write (chmod 600)",
			  path);
	else if (error == -EBADMSG)
		log_error("%s does not hold the secrets of this version: "
			  "restore it, or remove it to have new ones made",
			  path);
	else
		log_error("cannot read or make the secrets %s: %s", path,
			  strerror(-error));
	return -1;
}

static int open_maps(struct loader *loader)
{
	int error;

	if (loader->maps_open)
		return 0;
	error = qs_maps_open(&loader->maps, loader->options->pin_dir, true);
	loader->maps_open = !error;
	return error;
}

/* Ports that terminators of an earlier loader serve are theirs. */
static int check_ports(struct loader *loader, int recorded)
{
	const struct options *options = loader->options;
	struct ports ports = {};
	char text[256];

	if (recorded && ports_read(&loader->maps, &ports))
		ports = (struct ports){};
	for (size_t i = 0; i < options->vip_count; i++) {
		if (ports_index(&ports, options->vips[i].port) < 0 &&
		    port_check(options->vips[i].port, text, sizeof(text))) {
			log_error("%s", text);
			return -1;
		}
	}
	return 0;
}

/* Looks at what is there. Only secrets and empty directories are made. */
static int check(struct loader *loader)
{
	const struct options *options = loader->options;
	enum qs_attach_mode mode = QS_ATTACH_NONE;
	int recorded = 0;
	char text[512];

	/* An unfinished start may have left some maps and not others. */
	if (loader->pins.adopted && !open_maps(loader)) {
		mode = loader->maps.settings->attach_mode;
		recorded = registry_count(&loader->maps);
	}
	if (attach_check(&loader->attachment, options, mode))
		return -1;
	if (check_ports(loader, recorded))
		return -1;
	if (listeners_open(&loader->listeners, options, recorded > 0, text,
			   sizeof(text))) {
		log_error("%s", text);
		return -1;
	}
	if (options->metrics_on &&
	    exporter_listen(&loader->exporter, &options->metrics))
		return -1;
	if (control_listen(&loader->control, options->control,
			   options->terminator_user ? &options->terminator_uid
						    : NULL))
		return -1;
	if (load_secrets(loader, !recorded))
		return -1;
	own_certificate_init(&loader->own, options->state_dir);
	if (own_certificate_need(&loader->own, loader->live.config, text,
				 sizeof(text))) {
		log_error("%s", text);
		return -1;
	}
	if (listed_make(&loader->listed, options, &loader->secrets, text,
			sizeof(text))) {
		log_error("%s", text);
		return -1;
	}
	loader->secrets.listed = listed_ids(&loader->listed);
	if (!loader->maps_open)
		return 0;
	return configure_check_secrets(&loader->maps, &loader->secrets,
				       options);
}

static int install(struct loader *loader)
{
	const struct options *options = loader->options;
	struct ports ports;
	unsigned int changed;
	int error;

	loader->touched = true;
	if (programs_load(&loader->programs, options->pin_dir,
			  options->cpu_steering))
		return -1;
	error = open_maps(loader);
	if (error) {
		log_error("cannot open the maps pinned under %s: %s",
			  options->pin_dir, strerror(-error));
		return -1;
	}
	error = ports_read(&loader->maps, &ports);
	if (error) {
		log_error("cannot read the VIPs under %s: %s", options->pin_dir,
			  strerror(-error));
		return -1;
	}
	registry_init(&loader->registry, &loader->maps, options->pin_dir,
		      &ports);
	loader->registry.cpu_steering = options->cpu_steering;
	registry_change_ports(&loader->registry, options->vips,
			      options->vip_count, &changed);
	if (configure_maps(&loader->maps, &loader->secrets, options,
			   &loader->registry.ports, loader->attachment.ifindex))
		return -1;
	error = registry_list(&loader->registry, &loader->listed);
	if (error) {
		log_error("cannot write the CID configurations under %s: %s",
			  options->pin_dir, strerror(-error));
		return -1;
	}
	configure_deployment(&loader->secrets, 0, &loader->deployment);
	if (attach_programs(&loader->attachment, &loader->programs))
		return -1;
	attach_record(&loader->attachment, loader->maps.settings);
	return 0;
}

static int serve(struct loader *loader, uv_loop_t *loop)
{
	if (loader->live.config)
		metrics_config_file(&loader->metrics_config,
				    loader->live.config, loader->own.path);
	if (loader->options->metrics_on &&
	    exporter_start(&loader->exporter, &loader->maps,
			   &loader->registry.totals, &loader->metrics_config))
		return -1;
	loader->live.maps = &loader->maps;
	loader->live.metrics = &loader->metrics_config;
	loader->live.control = &loader->control;
	loader->live.tickets = &loader->tickets;
	loader->tickets = (struct ticket_secrets){
		.control = &loader->control,
		.secrets = &loader->secrets,
		.deployment = &loader->deployment,
		.path = loader->secrets_path,
	};
	reload_start(&loader->reload, loop, &loader->control, &loader->live);
	rotation_start(&loader->rotation, loop, &loader->control, &loader->maps,
		       &loader->secrets, &loader->deployment,
		       loader->secrets_path);
	rotation_configure(&loader->rotation, loader->options);
	loader->control.rotation = &loader->rotation;
	ticket_secrets_configure(&loader->tickets, loader->options);
	ticket_secrets_start(&loader->tickets, loop);
	listeners_start(&loader->listeners, loop, &loader->control);
	loader->control.listeners = &loader->listeners;
	loader->control.own = &loader->own;
	renewal_start(&loader->renewal, loop, &loader->own, &loader->reload);
	if (icmp_start(&loader->icmp, loop, &loader->control, &loader->maps))
		return -1;
	return control_start(&loader->control, loop, &loader->registry,
			     &loader->reload, &loader->deployment);
}

static int remove_all(const struct pins *pins, __u32 ifindex,
		      enum qs_attach_mode mode)
{
	struct pins doomed = *pins;

	if (attach_remove(pins->dir, ifindex, mode))
		return -1;
	return pins_remove(&doomed);
}

static void close_all(struct loader *loader)
{
	exporter_close(&loader->exporter);
	metrics_config_close(&loader->metrics_config);
	icmp_close(&loader->icmp);
	reload_close(&loader->reload);
	rotation_close(&loader->rotation);
	ticket_secrets_close(&loader->tickets);
	control_close(&loader->control);
	listeners_close(&loader->listeners);
	renewal_close(&loader->renewal);
	own_certificate_close(&loader->own);
	if (loader->registry.maps)
		registry_close(&loader->registry);
	programs_close(&loader->programs);
	attach_close(&loader->attachment);
	if (loader->maps_open)
		qs_maps_close(&loader->maps);
	loader->maps_open = false;
	listed_free(&loader->listed);
	explicit_bzero(&loader->secrets, sizeof(loader->secrets));
	explicit_bzero(&loader->deployment, sizeof(loader->deployment));
}

static void undo(struct loader *loader)
{
	if (loader->touched && !loader->pins.adopted)
		attach_remove(loader->pins.dir, loader->attachment.ifindex,
			      loader->attachment.mode);
	close_all(loader);
	if (!loader->pins.adopted)
		pins_remove(&loader->pins);
	pins_close(&loader->pins);
}

int loader_start(struct loader *loader, const struct loader_setup *setup,
		 uv_loop_t *loop)
{
	const struct options *options = setup->options;

	*loader = (struct loader){
		.options = options,
		.exporter = {.listener = -1},
		.control = {.listener = -1},
		.attachment = {.link = -1},
		.own = {.fd = -1},
		.live = {.given = setup->given, .config = setup->config},
	};
	if (ability_check(options->pin_dir) ||
	    pins_open(&loader->pins, options->pin_dir))
		return -1;
	if (pins_check_version(&loader->pins)) {
		pins_close(&loader->pins);
		return -1;
	}
	metrics_config_init(&loader->metrics_config);
	if (check(loader) || install(loader) || serve(loader, loop)) {
		undo(loader);
		return -1;
	}
	return 0;
}

int loader_stop(struct loader *loader, bool detach)
{
	__u32 ifindex = loader->attachment.ifindex;
	enum qs_attach_mode mode = loader->attachment.mode;
	int result = 0;

	loader->maps.settings->loader_pid = 0;
	close_all(loader);
	if (detach)
		result = remove_all(&loader->pins, ifindex, mode);
	pins_close(&loader->pins);
	return result;
}

/* The interface by a pinned link, which maps of any version leave alone. */
static __u32 linked_interface(const char *pin_dir)
{
	struct link_state state;
	int fd = link_open(pin_dir, QS_PIN_STEER_LINK, &state);

	if (fd < 0)
		fd = link_open(pin_dir, QS_PIN_DELIVER_LINK, &state);
	if (fd < 0)
		return 0;
	close(fd);
	return state.ifindex;
}

int loader_detach(const char *pin_dir)
{
	enum qs_attach_mode mode = QS_ATTACH_NONE;
	struct qs_maps maps;
	struct pins pins;
	__u32 ifindex;
	int result;

	if (ability_check(pin_dir))
		return -1;
	if (access(pin_dir, F_OK) < 0) {
		log_info("nothing is pinned under %s", pin_dir);
		return 0;
	}
	if (pins_open(&pins, pin_dir))
		return -1;
	ifindex = linked_interface(pin_dir);
	if (!qs_maps_open(&maps, pin_dir, false)) {
		ifindex = maps.settings->ifindex;
		mode = maps.settings->attach_mode;
		qs_maps_close(&maps);
	}
	result = remove_all(&pins, ifindex, mode);
	pins_close(&pins);
	if (!result)
		log_info("detached, and removed the pins under %s", pin_dir);
	return result;
}
