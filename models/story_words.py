# SPDX-License-Identifier: Apache-2.0
"""Word lists of the story generator: who, where, what and how."""

GIRLS = """Lily Mia Anna Rosie Ella Nora Ruby Daisy Lucy Zoe Clara Molly Ivy Sara Emma Tina Hana Wendy Maya
Bella Penny June Olive Hazel Amy Freya Tessa Kira Jenny Poppy""".split()

BOYS = """Tom Ben Sam Max Leo Jack Finn Tim Oscar Noah Theo Hugo Milo Peter Dan Omar Toby Felix Will Jamie
Ravi Luke Simon Carl Henry Ned Paul Victor Eli Kofi""".split()

PETS = """Pip Rusty Coco Buttons Muffin Biscuit Shadow Pepper Dusty Pebble Nibbles Clover Maple Sunny Ginger Fuzzy
Waffles Patch Dot Twig Bramble Cookie Puddle Whiskers Honey""".split()

# Animals that can be heroes or friends.
BEASTS = """rabbit fox bear mouse cat puppy squirrel hedgehog owl duck frog kitten turtle beaver badger otter
mole deer raccoon lamb pony piglet penguin monkey elephant""".split()

# Small wild visitors that need help or give it.
CRITTERS = """bird squirrel kitten hedgehog rabbit duckling mouse robin bat frog sparrow chipmunk""".split()

# Animals that live in a hole or come into a house at night.
BURROWERS = """mouse rabbit hedgehog chipmunk squirrel mole""".split()

WISE = """owl turtle crow goose toad heron snail raven stork donkey""".split()

TRAITS = """little kind curious brave clever shy cheerful happy gentle silly quiet careful busy playful lazy
friendly proud hopeful polite lively stubborn dreamy thoughtful honest""".split()

COLORS = """red blue yellow green purple orange pink white silver golden brown striped spotted""".split()

THING_ADJ = """shiny old wooden tiny soft bright new pretty round lovely""".split()

TOYS = """ball kite doll drum boat bucket hat scarf train bell whistle balloon wagon robot puzzle ribbon
flute blanket lantern umbrella backpack mitten yo-yo crown marble basket bracelet top feather button teddy""".split()

LOOKS = """with a long tail|with tiny wheels|with a smiling face|with white dots|with a star on it|with a blue ribbon|
that shone in the sun|that fit in one hand|with a crooked edge|that smelled of lemons""".replace("\n", "").split("|")

# (preposition, place)
PLACES = [("in", "park"), ("in", "forest"), ("in", "garden"), ("at", "beach"), ("by", "river"), ("in", "meadow"),
          ("by", "lake"), ("on", "hill"), ("at", "farm"), ("at", "market"), ("at", "playground"), ("by", "pond"),
          ("in", "village"), ("at", "harbor"), ("in", "orchard"), ("by", "stream"), ("in", "valley"),
          ("at", "old mill"), ("by", "waterfall"), ("in", "town square"), ("at", "train station"),
          ("on", "island"), ("in", "cornfield"), ("at", "castle"), ("by", "lighthouse")]

LANDS = [("in", "small village"), ("in", "little house near the forest"), ("in", "cozy cottage by the sea"),
         ("on", "quiet farm"), ("in", "tall house on a hill"), ("in", "busy town"), ("in", "green valley"),
         ("at", "edge of a great wood"), ("in", "land of hills and rivers"), ("on", "tiny island"),
         ("in", "white house with a red door"), ("near", "wide blue lake")]

HOME_SPOTS = """under the bed|behind the sofa|in the kitchen|on the top shelf|in the toy box|under the stairs|
behind the curtain|in the closet|next to the fireplace|under the table|in the laundry basket|in the attic|
behind the piano|in the cellar""".replace("\n", "").split("|")

OUT_SPOTS = """behind the big rock|under the old bridge|in the tall grass|behind the barn|under the bench|
beside the well|in the hollow log|under the oak tree|near the gate|behind the rose bush|in the muddy ditch|
on the stone wall|by the fence|in the hay|among the reeds|at the bottom of the hill""".replace("\n", "").split("|")

FOODS = """cookies apples berries sandwiches pancakes carrots muffins cherries nuts pears strawberries grapes
plums peaches crackers peas dumplings biscuits pies raisins tarts potatoes""".split()

CAKES = """cake pie tart pudding pizza""".split()

INGREDIENTS = """eggs sugar butter milk flour honey apples salt cream lemons cinnamon raisins""".split()

INSTRUMENTS = """drum flute guitar trumpet fiddle horn banjo tambourine""".split()

FLOWERS = """sunflower rose tulip daisy lily poppy""".split()

HOBBIES = [("climb trees", "climbing trees"), ("sing songs", "singing songs"), ("read books", "reading books"),
           ("paint pictures", "painting pictures"), ("collect stones", "collecting stones"),
           ("look at the stars", "looking at the stars"), ("dance", "dancing"), ("tell jokes", "telling jokes"),
           ("chase butterflies", "chasing butterflies"), ("jump in puddles", "jumping in puddles"),
           ("build towers", "building towers"), ("draw maps", "drawing maps"), ("pick flowers", "picking flowers"),
           ("watch the clouds", "watching the clouds"), ("play hide and seek", "playing hide and seek"),
           ("fix broken things", "fixing broken things"), ("feed the ducks", "feeding the ducks"),
           ("roll down hills", "rolling down hills"), ("count the trains", "counting the trains"),
           ("ask questions", "asking questions"), ("dig holes", "digging holes"), ("write poems", "writing poems")]

SKILLS = [("swim", "swimming", "water"), ("ride a bike", "riding", "bike"), ("skate", "skating", "ice"),
          ("whistle", "whistling", "tune"), ("climb the rope", "climbing", "rope"), ("juggle", "juggling", "air"),
          ("swing on the high bar", "swinging", "bar"), ("row a boat", "rowing", "boat"),
          ("walk on stilts", "walking", "stilts"), ("fly a kite", "trying", "sky")]

WEATHER = """sunny windy cloudy bright rainy foggy breezy misty""".split()
SEASON_WEATHER = {"spring": ["mild", "warm"], "summer": ["hot", "warm"], "autumn": ["chilly", "cold"],
                  "winter": ["snowy", "frosty", "cold"]}
NIGHT_WEATHER = """windy dark rainy cold stormy foggy""".split()

SEASONS = """spring summer autumn winter""".split()

# (name, pronoun set)
ELDERS = [("Mom", "f"), ("Dad", "m"), ("Grandma", "f"), ("Grandpa", "m"), ("Aunt Rose", "f"), ("Uncle Joe", "m"),
          ("Mrs. Hill", "f"), ("Mr. Brown", "m"), ("Aunt Lena", "f"), ("Mr. Green", "m"), ("Mrs. Stone", "f")]

JOBS = """baker farmer fisherman teacher tailor carpenter doctor miller gardener sailor painter shepherd
postman librarian clockmaker shopkeeper""".split()

TREASURES = """a box of old coins|a chest full of books|a tiny music box|a jar of glass marbles|a silver spoon|
a bag of seeds|a letter from long ago|a picture of a smiling family|a bottle with a ship inside|a crown made of paper|
a golden key""".replace("\n", "").split("|")

MARKS = """the crooked tree|the big gray stone|the broken fence|the little waterfall|the red barn|the sleepy old well|
the wooden bridge|the cave with two doors|the row of mushrooms|the scarecrow|the tower with no roof|
the bush of blackberries""".replace("\n", "").split("|")

BUILDS = [("treehouse", "planks"), ("raft", "logs"), ("sandcastle", "sand"), ("birdhouse", "sticks"),
          ("tent", "blankets"), ("bridge", "branches"), ("cart", "boxes"), ("windmill", "paper"), ("rocket", "cans"), ("tower", "blocks")]

HANDMADE = [("card", "paper and glue"), ("necklace", "shells and string"), ("picture frame", "twigs"),
            ("candle", "wax"), ("pillow", "cloth and wool"), ("bookmark", "ribbon"), ("mug", "clay"),
            ("wreath", "leaves and pine cones"), ("crown", "daisies"), ("toy horse", "wood"),
            ("quilt", "old shirts"), ("song", "words and a tune")]

FRAGILE = """vase teapot lamp plate clock window mirror bowl jug flowerpot cup""".split()

WISHES = [("all the candy in the world", "candy", "The candy filled the house up to the roof, and nobody could open the door"),
          ("a giant ice cream", "ice cream", "The ice cream grew as big as a barn, melted, and flooded the street"),
          ("no more bedtime", "bedtime", "The moon never rose, and everyone grew so tired that they fell over"),
          ("to be as tall as a tree", "being tall", "{His} head bumped the clouds, and no door was big enough to walk through"),
          ("a talking chair", "the chair", "The chair talked all day and all night and never stopped to breathe"),
          ("a hundred kittens", "kittens", "The kittens climbed the curtains, drank all the milk, and meowed all night"),
          ("to make everything gold", "gold", "The bread turned to gold, the soup turned to gold, and there was nothing left to eat"),
          ("snow in summer", "snow", "The flowers froze, the bees hid, and the pond turned to ice")]

HELPERS = """fairy|wizard|genie|mermaid|elf|talking star|dragon no bigger than a cat""".split("|")

FISH = """fish|trout|crab|salmon|eel|carp""".split("|")

SAD = """sad upset unhappy gloomy miserable troubled""".split()
GLAD = """happy glad joyful proud cheerful pleased excited thankful""".split()
SCARY_SOUNDS = """scratch|thump|squeak|rattle|tap|rustle|click""".split("|")

# (what the one who knows it says, where they hide)
SHELTERS = [("I see a cave", "in the cave"), ("There is an old barn", "in the old barn"),
            ("I know a hollow tree", "in the hollow tree"), ("Look, an empty hut", "in the empty hut")]
WATERS = ["by the river", "by the lake", "by the sea", "at the harbor"]
DOGS = """dog sheepdog terrier poodle""".split()
CLOTHES = """scarf coat sweater jacket shirt""".split()
TOOLS = """ladder kettle hammer broom spade rake lamp wheelbarrow""".split()
ITEMS = """rope jar brush candle spoon rug cup mirror pillow clock""".split()
