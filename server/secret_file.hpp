#pragma once

/// \file secret_file.hpp
/// Reading small files: the configuration and what it names by `file:PATH`.

#include <string>

#include "townkrier/result.hpp"

namespace townkrier::server {

struct SecretFile {
  std::string text;  ///< Without the line break at its end.
  bool world_readable = false;
};

/// At most 64 KiB. kIo or kTooLarge; the message has the path, never the content.
Result<SecretFile> read_secret_file(const std::string& path);

/// A whole text file of at most `max_bytes`.
Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes);

}  // namespace townkrier::server
