#include "cli/record/ring_output.hpp"

#include <gtest/gtest.h>

namespace ktape::cli {
namespace {

TEST(IncidentPattern, PutsTimeAndReasonWhereTheNameHasPlaces) {
  EXPECT_EQ(incident_pattern("a/{utc:%Y}-{reason}.ktape", "checksum"), "a/{utc:%Y}-checksum.ktape");
  EXPECT_EQ(incident_pattern("{reason}/{reason}-{utc}.ktape", "asked"), "asked/asked-{utc}.ktape");
}

TEST(IncidentPattern, PutsThemBeforeTheExtensionOtherwise) {
  EXPECT_EQ(incident_pattern("out.ktape", "asked"), "out-{utc:%Y%m%dT%H%M%SZ}-asked.ktape");
  EXPECT_EQ(incident_pattern("a.b/out", "asked"), "a.b/out-{utc:%Y%m%dT%H%M%SZ}-asked");
  EXPECT_EQ(incident_pattern(".hidden", "asked"), ".hidden-{utc:%Y%m%dT%H%M%SZ}-asked");
  EXPECT_EQ(incident_pattern("x-{utc:%H.%M}", "asked"), "x-{utc:%H.%M}-asked");
}

}  // namespace
}  // namespace ktape::cli
