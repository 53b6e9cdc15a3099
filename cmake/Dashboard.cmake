# townkrier_dashboard(TARGET): builds http/dashboard/ with npm and compiles the result into TARGET, where
# townkrier::http::assets() (http/assets.hpp) finds it. Packages and output stay in the build folder.

option(TOWNKRIER_DASHBOARD "Build the dashboard into the library (needs Node 18 and npm)" ON)

function(townkrier_dashboard target)
  set(work ${CMAKE_CURRENT_BINARY_DIR}/dashboard)
  set(assets ${work}/dashboard_assets.cpp)
  if(TOWNKRIER_DASHBOARD)
    townkrier_find_node()
    townkrier_npm_ci(${CMAKE_CURRENT_SOURCE_DIR}/http/dashboard ${work})
    set(folder ${CMAKE_CURRENT_SOURCE_DIR}/http/dashboard)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/src/*)
    add_custom_command(OUTPUT ${assets}
      COMMAND ${NODE_EXECUTABLE} ${folder}/build.mjs
        --modules ${work}/node_modules --out ${work} --version ${PROJECT_VERSION}
      DEPENDS ${work}/packages.stamp ${folder}/build.mjs ${folder}/index.html ${folder}/icon.svg ${sources}
      COMMENT "Bundling the dashboard" VERBATIM)
  else()
    set(assets ${CMAKE_CURRENT_SOURCE_DIR}/cmake/no_dashboard.cpp)
  endif()
  target_sources(${target} PRIVATE ${assets})
endfunction()

# Finds Node 18 or newer and npm, or says what to do.
function(townkrier_find_node)
  find_program(NODE_EXECUTABLE NAMES node nodejs)
  find_program(NPM_EXECUTABLE NAMES npm)
  set(version "none")
  if(NODE_EXECUTABLE)
    execute_process(COMMAND ${NODE_EXECUTABLE} --version OUTPUT_VARIABLE version
      OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  if(NOT NPM_EXECUTABLE OR NOT version MATCHES "^v([0-9]+)" OR CMAKE_MATCH_1 LESS 18)
    message(FATAL_ERROR "The dashboard needs Node 18 or newer and npm (found: ${version}). "
      "scripts/deps installs them on Debian; -DTOWNKRIER_DASHBOARD=OFF builds the API without a dashboard.")
  endif()
endfunction()

# townkrier_npm_ci(FOLDER WORK): installs the packages of FOLDER's lock file into WORK/node_modules when the
# lock file has changed; WORK/packages.stamp depends on it.
function(townkrier_npm_ci folder work)
  file(MAKE_DIRECTORY ${work})
  add_custom_command(OUTPUT ${work}/packages.stamp
    COMMAND ${CMAKE_COMMAND} -E copy
      ${folder}/package.json ${folder}/package-lock.json ${folder}/.npmrc ${work}
    COMMAND ${NPM_EXECUTABLE} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${work}/packages.stamp
    DEPENDS ${folder}/package.json ${folder}/package-lock.json
    WORKING_DIRECTORY ${work} COMMENT "Installing the packages of ${folder}" VERBATIM)
endfunction()
