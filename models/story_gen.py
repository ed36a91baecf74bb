#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generate short, coherent children's stories from a seed (standard library only).

    story_gen.py --count 5 --seed 1            print five stories, one a line
    story_gen.py --count 20000 --stats         print counts instead of stories

Story i of a seed depends on the seed and on i alone, so any slice of the
corpus can be made on its own.
"""

import argparse
import collections
import random
import re
import sys

import story_words as W
from story_plots import PLOTS

MIN_WORDS = 80
MAX_WORDS = 220
CHILD_HERO = 0.65  # share of stories whose hero is a child
CHILD_FRIEND = 0.6
FEMALE = 0.55
LEFT_OUT = {"new_friend", "letter", "hurt_animal", "lost_woods"}  # plots that do not open with the friend
HOUSEHOLD = {"Mom", "Dad", "Grandma", "Grandpa"}

PRONOUNS = {"m": ("he", "him", "his", "himself"), "f": ("she", "her", "her", "herself")}

INNERMOST = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")
WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*")
VOWEL_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU]|honest)")

OPENINGS = [
    "Once upon a time, there was a {trait} {kind} named {hero}.",
    "Once upon a time, {land0} {land}, there lived a {trait} {kind} named {hero}.",
    "Once upon a time, a {trait} {kind} named {hero} lived {land0} {land}.",
    "There was once a {trait} {kind}. {His} name was {hero}.",
    "One day, in {season}, a {trait} {kind} named {hero} woke up early.",
    "{hero} was a {trait} {kind} who lived {land0} {land}.",
    "There was a {trait} {kind} named {hero}.",
    "Long ago, {land0} {land}, there was a {trait} {kind} whose name was {hero}.",
    "{Land0} {land} lived a {trait} {kind} named {hero}.",
    "This is the story of {hero}, a {trait} {kind} who loved to {hobby}.",
    "It was a {weather} {season} day. A {trait} {kind} named {hero} sat {atplace}.",
    "Everyone knew {hero}, the {trait} {kind} who lived {land0} {land}.",
]

HABITS = [
    "{He} loved to {hobby}.",
    "{He} liked {hobbying} [more than anything|best of all|all day long].",
    "{He} lived {with_elder} and loved to {hobby}.",
    "Every day, {he} went {toplace} to {hobby}.",
    "",
    "{He} was always {trait2} and never {bad}.",
]

FRIENDS = [
    "{His} best friend was {friend}, a {ftrait} {fkind}.",
    "{He} had a friend named {friend}, who was a {ftrait} {fkind}.",
    "{friend}, a {ftrait} {fkind}, was {his} best friend.",
    "{He} and {friend}, a {ftrait} {fkind}, did everything together.",
    "Next door lived {friend}, a {ftrait} {fkind} who liked {fhobbying}.",
]

SCENES = [
    "[The air|The wind] smelled of {food}.",
    "Everyone in the village liked {him}.",
    "The days were [long|full of games] and there was always something to do.",
]

ENDINGS = [
    "The end.",
    "That night, {hero} fell asleep with a smile.",
    "And they all lived happily ever after.",
    "And then {he} went back to {hobbying}, just like every day.",
    "On the way home, {hero} sang a {trait3} song.",
    "\"What a day!\" said {hero}, and {elder} laughed.",
    "{hero} told {elder} all about it at dinner.",
    "And if you go {toplace} today, you may still see {him} there.",
    "\"Good night, {hero},\" said {elder}, and turned off the light.",
]


def pick(rng, items, flat=0.6):
    """Pick an item; the i-th one with weight 1 / (i + 2) ** flat."""
    weights = [(i + 2) ** -flat for i in range(len(items))]
    return rng.choices(items, weights)[0]


def pick_other(rng, items, taken):
    """Pick an item that is not in `taken`, and put it there."""
    item = pick(rng, [i for i in items if i not in taken])
    taken.add(item)
    return item


def person(rng, taken, is_child):
    """Return (name, noun, gender) of a child or an animal."""
    gender = "f" if rng.random() < FEMALE else "m"
    if is_child:
        names, noun = (W.BOYS, "boy") if gender == "m" else (W.GIRLS, "girl")
        return pick_other(rng, names, taken), noun, gender
    return pick_other(rng, W.PETS, taken), pick_other(rng, W.BEASTS, taken), gender


def add_pronouns(cast, prefix, gender):
    """Add the pronoun slots of one person, in small and capital letters."""
    for slot, word in zip(PRONOUNS["m"], PRONOUNS[gender]):
        cast[prefix + slot] = word
        cast[(prefix + slot).capitalize()] = word.capitalize()


def add_people(rng, cast, taken):
    """Cast the hero, the friend and the grown-up."""
    cast["hero"], cast["kind"], gender = person(rng, taken, rng.random() < CHILD_HERO)
    add_pronouns(cast, "", gender)
    cast["friend"], cast["fkind"], gender = person(rng, taken, rng.random() < CHILD_FRIEND)
    add_pronouns(cast, "f", gender)
    cast["elder"], gender = pick(rng, W.ELDERS)
    add_pronouns(cast, "e", gender)
    near = "with" if cast["elder"] in HOUSEHOLD else "next door to"
    cast["with_elder"] = near + " " + cast["elder"]
    cast["job"] = pick(rng, W.JOBS)
    cast["jhis"] = rng.choice(("his", "her"))
    for slot in ("trait", "ftrait", "trait2"):
        cast[slot] = pick_other(rng, W.TRAITS[1:] if slot == "trait2" else W.TRAITS, taken)
    cast["trait3"] = pick(rng, ("happy", "silly", "quiet", "merry", "funny"))
    cast["bad"] = pick(rng, ("mean", "rude", "bored", "cross", "selfish"))
    cast["critter"] = pick_other(rng, W.CRITTERS, taken)
    cast["wise"] = pick_other(rng, W.WISE, taken)
    cast["petname"] = pick_other(rng, W.PETS, taken)
    cast["petkind"] = pick(rng, W.DOGS)
    cast["fish"] = pick(rng, W.FISH)
    cast["helper"] = pick(rng, W.HELPERS)


def add_places(rng, cast, taken):
    """Cast where things happen."""
    preposition, place = pick(rng, W.PLACES)
    taken.add(place)
    cast["place"] = "the " + place
    cast["atplace"] = f"{preposition} the {place}"
    cast["toplace"] = f"to the {place}"
    preposition, land = pick(rng, [land for land in W.LANDS if place not in land[1]])
    cast["land0"] = preposition
    cast["Land0"] = preposition.capitalize()
    cast["land"] = ("the " if land.startswith("edge") else "a ") + land
    at_home = cast["plot"] == "lost_toy" and rng.random() < 0.5
    spots = W.HOME_SPOTS if at_home else W.OUT_SPOTS
    cast["where"] = "all over the house" if at_home else cast["atplace"]
    for slot in ("spot1", "spot2", "spot3"):
        cast[slot] = pick_other(rng, spots, taken)
    cast["spot1c"] = cast["spot1"].capitalize()
    cast["hspot"] = pick_other(rng, W.HOME_SPOTS, taken)
    for slot in ("mark1", "mark2", "mark3"):
        cast[slot] = pick_other(rng, W.MARKS, taken)
    cast["sheltersay"], cast["inshelter"] = pick(rng, W.SHELTERS)
    cast["atwater"] = pick(rng, W.WATERS)
    cast["season"] = "winter" if cast["plot"] == "snow" else pick(rng, W.SEASONS)
    cast["weather"] = pick(rng, W.WEATHER + W.SEASON_WEATHER[cast["season"]])
    cast["nweather"] = pick(rng, W.NIGHT_WEATHER)


def add_things(rng, cast, taken):
    """Cast objects, food, feelings and deeds."""
    cast["toy"] = pick_other(rng, W.TOYS, taken)
    cast["color"] = pick(rng, W.COLORS)
    adjective = cast["color"] if rng.random() < 0.7 else pick(rng, W.THING_ADJ)
    cast["thing"] = adjective + " " + cast["toy"]
    cast["look"] = pick(rng, W.LOOKS)
    cast["food"] = pick_other(rng, W.FOODS, taken)
    cast["food2"] = pick_other(rng, W.FOODS, taken)
    cast["cake"] = pick(rng, W.CAKES)
    for slot, words in (("ingr1", W.INGREDIENTS), ("ingr2", W.INGREDIENTS), ("inst1", W.INSTRUMENTS),
                        ("inst2", W.INSTRUMENTS), ("build_tool", W.TOOLS), ("item1", W.ITEMS),
                        ("item2", W.ITEMS), ("fragile", W.FRAGILE), ("flower", W.FLOWERS)):
        cast[slot] = pick_other(rng, words, taken)
    cast["hobby"], cast["hobbying"] = pick_other(rng, W.HOBBIES, taken)
    cast["fhobby"], cast["fhobbying"] = pick_other(rng, W.HOBBIES, taken)
    cast["skill"], cast["skilling"], _ = pick(rng, W.SKILLS)
    cast["treasure"] = pick(rng, W.TREASURES)
    cast["build"], cast["material"] = pick(rng, W.BUILDS)
    cast["handmade"], cast["stuff"] = pick(rng, W.HANDMADE)
    cast["wish"], cast["wishword"], cast["wishbad"] = pick(rng, W.WISHES)
    cast["sad"] = pick(rng, W.SAD)
    cast["glad"] = pick(rng, W.GLAD)
    cast["sound"] = pick(rng, W.SCARY_SOUNDS)
    cast["Sound"] = cast["sound"].capitalize()
    cast["scolor"] = pick(rng, W.COLORS[:10])
    cast["trail"] = pick(rng, ("crumbs", "tiny footprints"))
    cast["coins"] = pick(rng, ("two", "three", "four"))
    cast["scarf"] = pick(rng, W.CLOTHES)


def make_cast(rng, plot):
    """Fill every slot that a template may name."""
    cast, taken = {"plot": plot}, set()
    add_people(rng, cast, taken)
    add_places(rng, cast, taken)
    add_things(rng, cast, taken)
    if plot in ("night_noise", "picnic_thief"):
        cast["critter"] = pick(rng, [b for b in W.BURROWERS if b not in (cast["kind"], cast["fkind"])])
    return cast


def fill(rng, template, cast):
    """Choose the alternatives of a template, then insert the cast."""
    found = INNERMOST.search(template)
    while found:
        choice = pick(rng, found.group(1).split("|"))
        template = template[:found.start()] + choice + template[found.end():]
        found = INNERMOST.search(template)
    while SLOT.search(template):
        template = SLOT.sub(lambda slot: cast[slot.group(1)], template)
    return template


def tidy(text):
    """Set the articles right and remove spaces that empty choices left."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([.,!?])", r"\1", text)
    return VOWEL_ARTICLE.sub(r"\1n ", text)


def tell(rng):
    """Tell one story of any length."""
    plot = pick(rng, sorted(PLOTS), flat=0.3)
    cast = make_cast(rng, plot)
    parts = [pick(rng, OPENINGS)]
    if "loved to {hobby}" not in parts[0]:
        parts.append(pick(rng, HABITS))
    if plot not in LEFT_OUT:
        parts.append(pick(rng, FRIENDS))
    if rng.random() < 0.2:
        parts.append(pick(rng, SCENES))
    parts += PLOTS[plot]["segments"]
    if rng.random() < 0.8:
        parts.append(pick(rng, PLOTS[plot]["morals"]))
    if rng.random() < 0.6:
        parts.append(pick(rng, ENDINGS))
    return tidy(" ".join(fill(rng, part, cast) for part in parts))


def story(seed, index):
    """Return story number `index` of `seed`: 80 to 220 words, one line."""
    rng = random.Random(f"{seed}/{index}")
    while True:
        text = tell(rng)
        if MIN_WORDS <= len(WORD.findall(text)) <= MAX_WORDS:
            return text


def print_stats(stories):
    """Print how many stories, words and distinct words there are."""
    lengths = [len(WORD.findall(text)) for text in stories]
    words = collections.Counter(word.lower() for text in stories for word in WORD.findall(text))
    often = sum(1 for count in words.values() if count >= 5)
    print(f"plots {len(PLOTS)}")
    print(f"stories {len(stories)}, distinct {len(set(stories))}")
    print(f"words a story: {min(lengths)} to {max(lengths)}, mean {sum(lengths) / len(lengths):.1f}")
    print(f"distinct words {len(words)}, used 5 times or more {often}")


def main():
    parser = argparse.ArgumentParser(description="Generate short children's stories.")
    parser.add_argument("--count", type=int, default=5, help="how many stories")
    parser.add_argument("--seed", type=int, default=1, help="corpus seed")
    parser.add_argument("--first", type=int, default=0, help="index of the first story")
    parser.add_argument("--stats", action="store_true", help="print counts, not stories")
    options = parser.parse_args()
    if options.count < 1:
        sys.exit("story_gen: --count must be 1 or more")
    indices = range(options.first, options.first + options.count)
    stories = [story(options.seed, index) for index in indices]
    if options.stats:
        print_stats(stories)
    else:
        print("\n".join(stories))


if __name__ == "__main__":
    main()
