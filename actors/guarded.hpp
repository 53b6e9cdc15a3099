#pragma once

// The one mix-in every actor passes through: what CAF does by default (print a message's content,
// die silently, be killed by a link) is replaced by what a service wants.

#include <functional>
#include <string>

#include <caf/all.hpp>

#include "townkrier/queue_manager.hpp"

namespace townkrier {

/// `key=value` pairs of a log line about an actor.
inline std::string actor_line(const char* name, const char* event, const std::string& detail) {
  return std::string("actor=") + name + " event=" + event +
         (detail.empty() ? "" : " detail=\"" + detail + "\"");
}

/// Sets the handlers for unexpected messages, exceptions, errors and exits. An exception out of a
/// handler ends the actor with an error; its supervisor decides what then. Message contents are
/// never printed.
template <class Self>
void guard(Self* self, const char* name, const LogSink& log) {
  self->set_default_handler(
      [name, log](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
        if (log) log(LogLevel::kError, actor_line(name, "unexpected_message", {}));
        return caf::sec::unexpected_message;
      });
  self->set_exception_handler(
      [name, log](caf::scheduled_actor*, std::exception_ptr& thrown) -> caf::error {
        std::string what = "not a std::exception";
        try {
          std::rethrow_exception(thrown);
        } catch (const std::exception& e) {
          what = e.what();
        } catch (...) {
        }
        if (log) log(LogLevel::kError, actor_line(name, "exception", what));
        return caf::sec::runtime_error;
      });
  self->set_error_handler([name, log](caf::scheduled_actor*, caf::error& error) {
    if (log) log(LogLevel::kWarning, actor_line(name, "error", caf::to_string(error)));
  });
  self->set_down_handler([](caf::scheduled_actor*, caf::down_msg&) {});
  self->set_exit_handler([](caf::scheduled_actor* actor, caf::exit_msg& exit) {
    actor->quit(std::move(exit.reason));
  });
}

}  // namespace townkrier
