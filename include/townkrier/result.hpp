#pragma once

/// \file result.hpp
/// Errors as values. Every fallible call of the library returns `Result<T>`; no exception of ours
/// crosses the public interface. All types here are plain values, safe to copy between threads.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace townkrier {

/// What went wrong, in classes a caller can act on.
enum class Errc : std::uint8_t {
  kInvalidArgument,  ///< Understood, but not acceptable: a value out of range, a missing recipient.
  kMalformed,        ///< Not understood: broken JSON, a wrong type, a bad date.
  kInvalidConfig,    ///< A configuration value is wrong; the message names the key.
  kNotFound,         ///< No job, log, queue or message of that name or id.
  kConflict,         ///< The job's present status does not allow the request.
  kUnknownChannel,   ///< A channel that is not configured was named.
  kUnknownKind,      ///< No handler is registered for that job kind.
  kOverloaded,       ///< Admission limits are reached; try again later.
  kUnavailable,      ///< The engine is starting, stopping or has lost its store.
  kTimeout,          ///< No answer in time; the outcome is unknown.
  kDiskFull,         ///< The store refuses writes until space is freed.
  kCorruption,       ///< Stored data does not match its checksum or its schema.
  kIo,               ///< The operating system refused a read or write.
  kUnauthorized,     ///< No valid credentials.
  kForbidden,        ///< Valid credentials without the right.
  kTooLarge,         ///< A body, field or batch is over its limit.
  kDeliveryFailed,   ///< A provider refused or could not be reached.
  kInternal,         ///< A broken promise of the library itself; please report it.
};

/// A fixed lower-case word for each code, as used in problem+json (`"invalid_argument"`).
std::string_view to_string(Errc code);

/// One offending field of a structured input. `pointer` is an RFC 6901 JSON pointer
/// (`/recipient/email`), a query parameter's name, or a configuration key.
struct FieldError {
  std::string pointer;
  std::string detail;
  bool operator==(const FieldError&) const = default;
};

/// An error: class, one sentence for people (never with an unmasked recipient, a body or a secret),
/// and, for structured input, the fields at fault.
struct Error {
  Errc code = Errc::kInternal;
  std::string message;
  std::vector<FieldError> fields = {};
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

/// Shorthand for `std::unexpected(Error{...})`.
inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message), {}});
}

/// Shorthand for an error about one field; the message is "<pointer>: <detail>".
inline std::unexpected<Error> fail_field(Errc code, std::string pointer, std::string detail) {
  std::string message = pointer + ": " + detail;
  return std::unexpected(
      Error{code, std::move(message), {{std::move(pointer), std::move(detail)}}});
}

}  // namespace townkrier
