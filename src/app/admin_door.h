// `berth admin` while a daemon runs: DIR/berth.sock, where the daemon runs the same rows of admin.cpp on the data that it serves.
//
//   question  {"object":"user","verb":"create","arguments":{"email":["ann@example.com"],…}}
//   answer    {"answer":…}   or   {"error":{"code":"object_unknown","message":"…","context":"…"}}
//
// Who may ask stands in berth/net/local.h. What is asked and answered is never logged: there are passwords and keys in it.
#pragma once

#include <memory>
#include <string>

#include "berth/app/admin.h"
#include "berth/net/local.h"

namespace berth::app {

inline std::string admin_socket(const std::string& directory) { return directory + "/berth.sock"; }

// The daemon's side. What `place` refers to outlives the result. Errors: those of net::serve_local().
base::Result<std::unique_ptr<net::LocalServer>> open_admin_door(const AdminPlace& place);

// The other side. Errors: busy (the daemon does not answer), the command's own.
base::Result<base::OrderedJson> ask_daemon(const std::string& directory, const AdminRow& row, const AdminArguments& arguments);

}  // namespace berth::app
