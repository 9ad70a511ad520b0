#include "cli/play/keys.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace ktape::cli {
namespace {

using Kind = Key::Kind;

std::string type(KeyBindings& keys, std::string_view text) {
  std::string verb;
  for (const char c : text) verb += keys.press(Key::of(c)).verb;
  return verb;
}

TEST(KeyBindings, MeanWhatTheyMeanToRos2BagPlay) {
  KeyBindings keys;
  EXPECT_EQ(keys.press(Key::of(' ')).verb, "toggle");
  EXPECT_EQ(keys.press({Kind::Right}).verb, "step");
  EXPECT_EQ(keys.press({Kind::Left}).verb, "back");
  EXPECT_EQ(keys.press({Kind::Up}).verb, "rate up");
  EXPECT_EQ(keys.press({Kind::Down}).verb, "rate down");
  EXPECT_EQ(keys.press({Kind::PageDown}).verb, "seek +1m");
  EXPECT_TRUE(keys.press(Key::of('q')).quit);
  EXPECT_EQ(keys.press(Key::of('z')).verb, "");
  EXPECT_EQ(keys.press({Kind::Other}).verb, "");
  EXPECT_EQ(keys.press({Kind::Enter}).verb, "");
}

TEST(KeyBindings, AskForAMomentAndTakeBackWhatIsTyped) {
  KeyBindings keys;
  EXPECT_EQ(keys.press(Key::of('g')).verb, "");
  EXPECT_EQ(type(keys, "3q "), "") << "they are text now";
  EXPECT_EQ(keys.prompt(), "go to (08:03:20, 3m, +30s): 3q ");
  keys.press({Kind::Erase});
  keys.press({Kind::Erase});
  type(keys, "m");
  EXPECT_EQ(keys.press({Kind::Enter}).verb, "seek 3m");
  EXPECT_EQ(keys.prompt(), "");
}

TEST(KeyBindings, KnowAnAnswerToTheQuestionForABurst) {
  KeyBindings keys;
  keys.press(Key::of('b'));
  EXPECT_EQ(keys.press({Kind::Enter}).verb, "burst 100");
  keys.press(Key::of('b'));
  type(keys, "7");
  EXPECT_EQ(keys.press({Kind::Enter}).verb, "burst 7");
  keys.press(Key::of('g'));
  EXPECT_EQ(keys.press({Kind::Enter}).verb, "") << "there is no usual moment";
}

TEST(KeyBindings, ForgetAQuestionAtEscape) {
  KeyBindings keys;
  keys.press(Key::of(':'));
  type(keys, "pau");
  keys.press({Kind::Escape});
  EXPECT_EQ(keys.prompt(), "");
  EXPECT_EQ(keys.press(Key::of(' ')).verb, "toggle");
  keys.press(Key::of(':'));
  type(keys, "max-wait 5s");
  EXPECT_EQ(keys.press({Kind::Enter}).verb, "max-wait 5s");
}

TEST(KeyBindings, TakeNoMoreThanALine) {
  KeyBindings keys;
  keys.press(Key::of(':'));
  type(keys, std::string(10 * KeyBindings::kMaxTyped, 'x'));
  EXPECT_EQ(keys.press({Kind::Enter}).verb.size(), KeyBindings::kMaxTyped);
}

}  // namespace
}  // namespace ktape::cli
