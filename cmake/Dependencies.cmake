# Finds every library that townkrier::townkrier links and names each one townkrier_dep::<name>.
#
# Included twice: by the project's own CMakeLists.txt, and by the installed package config, because a
# static library hands its link requirements on to its user. So nothing here may depend on the
# project's source tree. What only the programs need (CLI11, toml++, spdlog) is found in server/ and cli/.
#
# Targets: json, caf, rocksdb, pistache, http_parser, prometheus, curl, sodium, openssl, mustache, date,
# threads.
# Everything missing is reported at once, with the names of the Debian packages.

if(TARGET townkrier_dep::caf)
  return()
endif()

set(_townkrier_missing "")

# One interface target per dependency, wrapping whatever target or library was found.
macro(_townkrier_add_dep name)
  add_library(townkrier_dep::${name} INTERFACE IMPORTED)
  target_link_libraries(townkrier_dep::${name} INTERFACE ${ARGN})
endmacro()

# For libraries that ship a CMake package or that CMake has a module for.
macro(_townkrier_find_package name package target debian)
  find_package(${package} ${ARGN} QUIET)
  if(TARGET ${target})
    _townkrier_add_dep(${name} ${target})
  else()
    list(APPEND _townkrier_missing "${package} (${debian})")
  endif()
endmacro()

# For libraries with only a header and a library. LIBRARY may be empty: header-only.
macro(_townkrier_find_library name header library debian)
  string(TOUPPER "TOWNKRIER_${name}" _townkrier_prefix)
  find_path(${_townkrier_prefix}_INCLUDE_DIR "${header}")
  mark_as_advanced(${_townkrier_prefix}_INCLUDE_DIR)
  set(_townkrier_libraries "")
  if(NOT "${library}" STREQUAL "")
    find_library(${_townkrier_prefix}_LIBRARY NAMES "${library}")
    mark_as_advanced(${_townkrier_prefix}_LIBRARY)
    set(_townkrier_libraries "${${_townkrier_prefix}_LIBRARY}")
  endif()
  if(${_townkrier_prefix}_INCLUDE_DIR AND ("${library}" STREQUAL "" OR _townkrier_libraries))
    _townkrier_add_dep(${name} ${_townkrier_libraries} ${ARGN})
    target_include_directories(townkrier_dep::${name} INTERFACE
      "${${_townkrier_prefix}_INCLUDE_DIR}")
  else()
    list(APPEND _townkrier_missing "${header} (${debian})")
  endif()
endmacro()

set(THREADS_PREFER_PTHREAD_FLAG ON)
_townkrier_find_package(threads Threads Threads::Threads "libc6-dev")
_townkrier_find_package(json nlohmann_json nlohmann_json::nlohmann_json "nlohmann-json3-dev" 3.11)
_townkrier_find_package(rocksdb RocksDB RocksDB::rocksdb-shared "librocksdb-dev" 7.8 CONFIG)
_townkrier_find_package(openssl OpenSSL OpenSSL::SSL "libssl-dev" 3.0)
_townkrier_find_package(curl CURL CURL::libcurl "libcurl4-openssl-dev" 7.88)
_townkrier_find_library(caf "caf/all.hpp" "caf_core" "libcaf-dev" Threads::Threads)
_townkrier_find_library(pistache "pistache/endpoint.h" "pistache" "libpistache-dev" Threads::Threads)
_townkrier_find_library(http_parser "http_parser.h" "http_parser" "libhttp-parser-dev")
# Its CMake package would also ask for what serving over HTTP needs (civetweb), which we do not use.
_townkrier_find_library(prometheus "prometheus/text_serializer.h" "prometheus-cpp-core"
  "prometheus-cpp-dev" Threads::Threads)
_townkrier_find_library(sodium "sodium.h" "sodium" "libsodium-dev")
_townkrier_find_library(date "date/tz.h" "date-tz" "libhowardhinnant-date-dev" Threads::Threads)
_townkrier_find_library(mustache "kainjow/mustache.hpp" "" "libkainjow-mustache-dev")

if(TARGET townkrier_dep::date)
  # As Debian builds it: the system's time zone database.
  target_compile_definitions(townkrier_dep::date INTERFACE USE_OS_TZDB=1 ONLY_C_LOCALE=1 HAS_STRING_VIEW=1)
endif()

if(TARGET townkrier_dep::openssl)
  target_link_libraries(townkrier_dep::openssl INTERFACE OpenSSL::Crypto)
endif()

# CAF 0.18 and later changed the interfaces the actors are written against (atoms, inspect, results).
if(TARGET townkrier_dep::caf)
  file(STRINGS "${TOWNKRIER_CAF_INCLUDE_DIR}/caf/config.hpp" _townkrier_caf_version
    REGEX "^#define CAF_VERSION [0-9]+$")
  if(NOT _townkrier_caf_version MATCHES " 17[0-9][0-9]$")
    list(APPEND _townkrier_missing
      "CAF 0.17 (libcaf-dev; ${TOWNKRIER_CAF_INCLUDE_DIR} has '${_townkrier_caf_version}')")
  endif()
endif()

if(_townkrier_missing)
  list(JOIN _townkrier_missing "\n  " _townkrier_missing)
  set(_townkrier_missing "TownKrier needs these libraries (Debian package in brackets):\n"
    "  ${_townkrier_missing}")
  list(JOIN _townkrier_missing "" _townkrier_missing)
  if(CMAKE_FIND_PACKAGE_NAME)
    set(${CMAKE_FIND_PACKAGE_NAME}_FOUND FALSE)
    set(${CMAKE_FIND_PACKAGE_NAME}_NOT_FOUND_MESSAGE "${_townkrier_missing}")
  else()
    message(FATAL_ERROR "${_townkrier_missing}\nOn Debian 12, scripts/deps installs them.")
  endif()
endif()
