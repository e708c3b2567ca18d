/* SPDX-License-Identifier: GPL-2.0-only */
/* Certificates and their keys: both or none, and that the files are there. */
#include "loader/lib/config_internal.h"

#include <stdio.h>

int qs_config_check_certificates(struct qs_document *document,
				 const struct qs_config_terminator *terminator)
{
	const char *path = "terminator.private_key";

	if (!terminator->certificate == !terminator->private_key)
		return 0;
	if (!terminator->certificate)
		path = "terminator.certificate";
	return qs_document_error(
		document, qs_document_find(document, path), path,
		"missing, but needed: certificate and private_key belong "
		"together; with neither, the loader makes a self-signed "
		"certificate");
}

static int check_pair(struct qs_document *document,
		      const struct qs_config_certificate *certificate,
		      size_t index)
{
	char path[QS_CONFIG_PATH_SIZE];
	int result;

	snprintf(path, sizeof(path), "terminator.certificates[%zu].certificate",
		 index);
	result = qs_config_check_file(document, certificate->certificate, path,
				      false);
	if (result)
		return result;
	snprintf(path, sizeof(path), "terminator.certificates[%zu].private_key",
		 index);
	return qs_config_check_file(document, certificate->private_key, path,
				    false);
}

int qs_config_check_certificate_files(
	struct qs_document *document,
	const struct qs_config_terminator *terminator)
{
	int result = qs_config_check_file(document, terminator->certificate,
					  "terminator.certificate", false);

	if (!result)
		result = qs_config_check_file(document, terminator->private_key,
					      "terminator.private_key", false);
	for (size_t i = 0; i < terminator->certificate_count && !result; i++)
		result = check_pair(document, &terminator->certificates[i], i);
	return result;
}
