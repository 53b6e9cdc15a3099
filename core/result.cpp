#include "townkrier/result.hpp"

namespace townkrier {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
      return "invalid_argument";
    case Errc::kMalformed:
      return "malformed";
    case Errc::kInvalidConfig:
      return "invalid_config";
    case Errc::kNotFound:
      return "not_found";
    case Errc::kConflict:
      return "conflict";
    case Errc::kUnknownChannel:
      return "unknown_channel";
    case Errc::kUnknownKind:
      return "unknown_kind";
    case Errc::kOverloaded:
      return "overloaded";
    case Errc::kUnavailable:
      return "unavailable";
    case Errc::kTimeout:
      return "timeout";
    case Errc::kDiskFull:
      return "disk_full";
    case Errc::kCorruption:
      return "corruption";
    case Errc::kIo:
      return "io";
    case Errc::kUnauthorized:
      return "unauthorized";
    case Errc::kForbidden:
      return "forbidden";
    case Errc::kTooLarge:
      return "too_large";
    case Errc::kDeliveryFailed:
      return "delivery_failed";
    case Errc::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace townkrier
