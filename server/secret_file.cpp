#include "server/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace townkrier::server {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

struct OpenFile {
  int fd = -1;
  explicit OpenFile(const std::string& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (fd >= 0) ::close(fd);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
};

std::unexpected<Error> cannot_read(const std::string& path) {
  return fail(Errc::kIo, "cannot read " + path + ": " + std::strerror(errno));
}

Result<std::string> read_all(const OpenFile& file, const std::string& path, std::size_t max_bytes) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(file.fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > max_bytes) {
      return fail(Errc::kTooLarge,
                  path + " is larger than " + std::to_string(max_bytes / 1024) + " KiB");
    }
  }
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
  const OpenFile file(path);
  if (file.fd < 0) return cannot_read(path);
  return read_all(file, path, max_bytes);
}

Result<SecretFile> read_secret_file(const std::string& path) {
  const OpenFile file(path);
  if (file.fd < 0) return cannot_read(path);
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) return cannot_read(path);
  auto text = read_all(file, path, kMaxSecretBytes);
  if (!text) return std::unexpected(std::move(text.error()));
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return SecretFile{*std::move(text), (status.st_mode & S_IROTH) != 0};
}

}  // namespace townkrier::server
