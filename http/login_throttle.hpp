#pragma once

/// \file http/login_throttle.hpp
/// Slows down guessing of passwords (OWASP ASVS 4.0.3, 2.2.1): after some failures the next try has
/// to wait, longer with each. A decision without a thread or a clock; its owner locks.
///
/// Counted are: tries of one address for one name, which are soon locked out for long; those of an
/// address for all names; those of all addresses for a name, whose wait is short, so that strangers
/// cannot keep anybody out, but long enough for fewer than 100 tries an hour. Names that do not
/// exist count like others.

#include <cstddef>
#include <map>
#include <string>

#include "townkrier/time.hpp"

namespace townkrier::http {

class LoginThrottle {
 public:
  /// Zero: may try now.
  Duration wait(const std::string& address, const std::string& user, TimePoint now) const;
  void failed(const std::string& address, const std::string& user, TimePoint now);
  /// Forgets the failures of that address for that name, and those for the name.
  void succeeded(const std::string& address, const std::string& user);

 private:
  struct Rule {
    int free;          ///< Failures without a wait.
    Duration longest;  ///< The wait doubles from 1 s up to this.
  };
  static constexpr Rule kPair{3, std::chrono::minutes(15)};
  static constexpr Rule kAddress{20, std::chrono::minutes(15)};
  static constexpr Rule kUser{20, std::chrono::minutes(1)};

  struct Failures {
    int count = 0;
    TimePoint last{};
  };
  using Table = std::map<std::string, Failures>;

  static Duration wait_in(const Table& table, const std::string& key, const Rule& rule,
                          TimePoint now);
  static void count(Table& table, const std::string& key, TimePoint now);

  Table pairs_;
  Table addresses_;
  Table users_;
};

}  // namespace townkrier::http
