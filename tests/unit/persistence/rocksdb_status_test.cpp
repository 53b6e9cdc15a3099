#include "persistence/rocksdb_status.hpp"

#include <gtest/gtest.h>

namespace townkrier::persistence {
namespace {

using rocksdb::BackgroundErrorReason;
using rocksdb::Status;

/// What RocksDB does when its background work fails.
void raise(BackgroundErrors& errors, const Status& cause, Status::Severity severity) {
  Status status(cause, severity);
  errors.OnBackgroundError(BackgroundErrorReason::kWriteCallback, &status);
}

TEST(RocksDbStatus, BecomesTheErrorACallerCanActOn) {
  EXPECT_EQ(to_error(Status::NoSpace(), "x").code, Errc::kDiskFull);
  EXPECT_EQ(to_error(Status::Corruption("c"), "x").code, Errc::kCorruption);
  EXPECT_EQ(to_error(Status::IOError("i"), "x").code, Errc::kIo);
  EXPECT_EQ(to_error(Status::Incomplete("Write stall"), "x").code, Errc::kOverloaded);
  EXPECT_EQ(to_error(Status::NotFound(), "x").code, Errc::kNotFound);
  EXPECT_TRUE(to_error(Status::IOError("i"), "cannot write").message.starts_with("cannot write: "));
}

TEST(BackgroundErrors, AreNoneAtFirst) {
  const BackgroundErrors errors;
  EXPECT_TRUE(errors.check());
  EXPECT_TRUE(errors.check_fatal());
}

TEST(BackgroundErrors, AFullDiskIsForgottenWhenRocksDbRecovers) {
  BackgroundErrors errors;
  raise(errors, Status::NoSpace(), Status::kHardError);
  ASSERT_FALSE(errors.check());
  EXPECT_EQ(errors.check().error().code, Errc::kDiskFull);
  EXPECT_TRUE(errors.check_fatal());
  errors.OnErrorRecoveryEnd({Status::NoSpace(), Status::OK()});
  EXPECT_TRUE(errors.check());
}

TEST(BackgroundErrors, AFatalErrorStays) {
  BackgroundErrors errors;
  raise(errors, Status::IOError("fdatasync"), Status::kFatalError);
  ASSERT_FALSE(errors.check_fatal());
  EXPECT_EQ(errors.check_fatal().error().code, Errc::kIo);
  errors.OnErrorRecoveryEnd({Status::IOError("fdatasync"), Status::OK()});
  EXPECT_FALSE(errors.check());
  EXPECT_FALSE(errors.check_fatal());
}

}  // namespace
}  // namespace townkrier::persistence
