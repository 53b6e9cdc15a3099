#pragma once

/// \file rocksdb_info_log.hpp
/// RocksDB's own log, in files of ours. Debian's RocksDB is built with its asserts on, and its own
/// writer of this log aborts the process on the second write to a full disk.

#include <memory>
#include <string>

#include <rocksdb/env.h>

namespace townkrier::persistence {

/// Of one log file; one older is kept beside it.
inline constexpr std::size_t kInfoLogBytes = 16u << 20;

/// Appends to `directory`/LOG, which becomes LOG.old when it is full. What cannot be written is
/// dropped without a word. Thread-safe.
std::shared_ptr<rocksdb::Logger> make_info_log(const std::string& directory);

/// Writes nothing.
std::shared_ptr<rocksdb::Logger> make_silent_log();

}  // namespace townkrier::persistence
