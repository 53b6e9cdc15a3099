#pragma once

/// \file attachment_folder.hpp
/// Files that notifications may attach by path: those below one folder, and no others.

#include <cstdint>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier {

/// Thread-safe. Blocks while it reads.
class AttachmentFolder {
 public:
  /// `dir` empty: nothing may be read.
  explicit AttachmentFolder(std::string dir = {}) : dir_(std::move(dir)) {}

  /// The bytes of the regular file at `path`, relative to the folder, without ".." and without
  /// symbolic links on the way. Errors never tell what is outside: kInvalidArgument, kNotFound,
  /// kTooLarge (more than `max_bytes`), kIo.
  Result<std::string> read(std::string_view path, std::uint64_t max_bytes) const;

 private:
  const std::string dir_;
};

}  // namespace townkrier
