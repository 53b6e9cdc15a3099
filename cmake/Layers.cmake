# townkrier_layer(NAME LIBRARY...): one folder of the library as an OBJECT library townkrier_NAME.
# Folders see the public headers, their own and core's; scripts/check-includes keeps the arrows true.

set(TOWNKRIER_WARNINGS -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Wno-missing-field-initializers
  # GCC 12 warns falsely inside std::expected and std::optional when it inlines them.
  -Wno-maybe-uninitialized)

# Sanitizers for everything we compile. CAF's headers bind null references on purpose, so the null
# check is off; everything else of UBSan is fatal.
add_library(townkrier_build_flags INTERFACE)
if(TOWNKRIER_SANITIZE)
  target_compile_options(townkrier_build_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize=null,vptr -fno-sanitize-recover=all
    -fno-omit-frame-pointer -g1)
  target_link_options(townkrier_build_flags INTERFACE -fsanitize=address,undefined)
endif()

function(townkrier_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "no sources in ${name}/")
  endif()
  add_library(townkrier_${name} OBJECT ${sources})
  target_include_directories(townkrier_${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
  target_compile_features(townkrier_${name} PUBLIC cxx_std_23)
  target_compile_options(townkrier_${name} PRIVATE ${TOWNKRIER_WARNINGS})
  target_link_libraries(townkrier_${name} PUBLIC ${ARGN} PRIVATE townkrier_build_flags)
  set_target_properties(townkrier_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  if(TOWNKRIER_MUTANTS)
    # Only these files differ from an ordinary build: the compiler cache has all others.
    foreach(source ${sources})
      file(STRINGS ${source} mutable REGEX "#include \"core/mutant.hpp\"")
      if(mutable)
        set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS TOWNKRIER_MUTANTS)
      endif()
    endforeach()
  endif()
endfunction()
