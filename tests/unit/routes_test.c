/* SPDX-License-Identifier: GPL-2.0-only */
/* Which route a request's host and path lead to. */
#include "terminator/routes.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static long find(const struct routes *routes, const char *authority,
		 const char *path)
{
	return routes_find(routes, authority, strlen(authority), path,
			   strlen(path));
}

Test(routes, table)
{
	static const struct qs_config_route list[] = {
		{.host = (char *)"www.example.com", .path = (char *)"/api/"},
		{.host = (char *)"www.example.com", .path = (char *)"/ap"},
		{.host = (char *)"*.example.com", .path = (char *)"/"},
		{.host = (char *)"[2001:db8::1]", .path = (char *)"/"},
		{.path = (char *)"/static/"},
		{.host = (char *)"192.0.2.1", .path = (char *)"/"},
	};
	static const struct {
		const char *authority, *path;
		long route;
	} rows[] = {
		{"www.example.com", "/api/x", 0},
		{"www.example.com", "/api/", 0},
		{"www.example.com", "/api", 0},
		{"www.example.com", "/api?q=/x", 0},
		{"www.example.com", "/api?", 0},
		{"www.example.com", "/apis", 1},
		{"www.example.com", "/ap", 1},
		{"www.example.com", "/ap?x", 1},
		{"www.example.com", "/a", 2},
		{"www.example.com", "/?/api/", 2},
		{"www.example.com", "/API/", 2},
		{"www.example.com", "/x/api/", 2},
		{"WWW.Example.COM", "/api/", 0},
		{"www.example.com:8443", "/api/", 0},
		{"www.example.com.", "/api/", 0},
		{"www.example.com.:443", "/api/", 0},
		{"www.example.com", "*", 2},
		{"a.b.EXAMPLE.com:1", "/", 2},
		{"example.com", "/", -1},
		{".example.com", "/", -1},
		{"www.example.com.evil", "/api/", -1},
		{"wwwexample.com", "/", -1},
		{"example.com", "/static/x", 4},
		{"other", "/static", 4},
		{"other", "/statics", -1},
		{"other", "*", -1},
		{"[2001:db8::1]", "/", 3},
		{"[2001:DB8::1]:443", "/x", 3},
		{"[2001:db8::2]", "/", -1},
		{"192.0.2.1:443", "/", 5},
		{"192.0.2.10", "/", -1},
	};
	struct routes *routes = routes_new(list, COUNT(list));

	cr_assert(routes);
	for (size_t i = 0; i < COUNT(rows); i++)
		cr_expect_eq(find(routes, rows[i].authority, rows[i].path),
			     rows[i].route, "%s %s: %ld", rows[i].authority,
			     rows[i].path,
			     find(routes, rows[i].authority, rows[i].path));
	routes_free(routes);
}

Test(routes, the_first_one_holds)
{
	static const struct qs_config_route list[] = {
		{.path = (char *)"/"},
		{.path = (char *)"/x/"},
	};
	struct routes *routes = routes_new(list, 2);

	cr_expect_eq(find(routes, "h", "/x/y"), 0);
	routes_free(routes);
	routes = routes_new(NULL, 0);
	cr_expect_eq(find(routes, "h", "/"), -1);
	routes_free(routes);
	routes_free(NULL);
}
