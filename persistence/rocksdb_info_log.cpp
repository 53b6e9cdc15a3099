#include "persistence/rocksdb_info_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <mutex>

namespace townkrier::persistence {
namespace {

class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(const std::string& directory) : path_(directory + "/LOG") { open(); }
  ~InfoLog() override {
    if (fd_ >= 0) ::close(fd_);
  }

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    // Longer lines, which RocksDB writes none of in normal service, are cut.
    std::array<char, 8192> line;
    const std::size_t head = write_time(line.data(), line.size());
    const int length =
        std::vsnprintf(line.data() + head, line.size() - head - 1, format, arguments);
    if (length < 0) return;
    std::size_t end = std::min(head + static_cast<std::size_t>(length), line.size() - 2);
    if (end == 0 || line[end - 1] != '\n') line[end++] = '\n';
    const std::lock_guard lock(mutex_);
    if (fd_ < 0) return;
    const ssize_t written = ::write(fd_, line.data(), end);
    if (written > 0) size_ += static_cast<std::size_t>(written);
    if (size_ >= kInfoLogBytes) roll();
  }

 private:
  static std::size_t write_time(char* out, std::size_t space) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    const std::size_t day = std::strftime(out, space, "%Y-%m-%dT%H:%M:%S", &parts);
    const int rest = std::snprintf(out + day, space - day, ".%06ldZ %d ", now.tv_nsec / 1000,
                                   static_cast<int>(::gettid()));
    return day + static_cast<std::size_t>(std::max(rest, 0));
  }

  void open() {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    struct stat info {};
    size_ = fd_ >= 0 && ::fstat(fd_, &info) == 0 ? static_cast<std::size_t>(info.st_size) : 0;
  }

  void roll() {
    ::close(fd_);
    ::rename(path_.c_str(), (path_ + ".old").c_str());
    open();
  }

  const std::string path_;
  std::mutex mutex_;
  int fd_ = -1;
  std::size_t size_ = 0;
};

class SilentLog final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_info_log(const std::string& directory) {
  return std::make_shared<InfoLog>(directory);
}

std::shared_ptr<rocksdb::Logger> make_silent_log() {
  return std::make_shared<SilentLog>();
}

}  // namespace townkrier::persistence
