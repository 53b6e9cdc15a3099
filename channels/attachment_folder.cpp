#include "channels/attachment_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

namespace townkrier {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  int get() const { return value_; }
  bool is_open() const { return value_ >= 0; }

 private:
  int value_;
};

/// Empty when the path could lead out of the folder.
std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  if (path.size() > 1024 || path.find('\0') != std::string_view::npos) return parts;
  while (true) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return {};
    parts.emplace_back(part);
    if (part.size() == path.size()) return parts;
    path.remove_prefix(part.size() + 1);
  }
}

}  // namespace

Result<std::string> AttachmentFolder::read(std::string_view path, std::uint64_t max_bytes) const {
  if (dir_.empty()) {
    return fail(Errc::kInvalidArgument, "is not allowed: no attachment folder is configured");
  }
  const auto parts = parts_of(path);
  if (parts.empty()) {
    return fail(Errc::kInvalidArgument,
                "must be relative to the attachment folder, without \"..\"");
  }
  // One step at a time, so that no link is followed on the way.
  Descriptor at(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t i = 0; i < parts.size() && at.is_open(); ++i) {
    const bool last = i + 1 == parts.size();
    constexpr int kCommon = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    at = Descriptor(::openat(at.get(), parts[i].c_str(), kCommon | (last ? 0 : O_DIRECTORY)));
  }
  struct stat info {};
  if (!at.is_open() || ::fstat(at.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(Errc::kNotFound, "is not a file of the attachment folder");
  }
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes) {
    return fail(Errc::kTooLarge, "is larger than attachments may be");
  }
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const auto count = ::read(at.get(), bytes.data() + have, bytes.size() - have);
    if (count <= 0) return fail(Errc::kIo, "cannot be read");
    have += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace townkrier
