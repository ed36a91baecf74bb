# SPDX-License-Identifier: Apache-2.0
"""Plot skeletons of the story generator.

A plot is a list of segments, told in order. In a segment `[a|b|c]` picks one
alternative (the first ones more often; they may nest and may be empty) and
`{slot}` inserts a word of the story's cast, which stays the same throughout.
Each plot also has its own morals.
"""

PLOTS = {}


def plot(name, morals, *segments):
    """Register a plot with its morals."""
    PLOTS[name] = {"morals": morals, "segments": segments}


plot("lost_toy", [
    "{hero} learned to take good care of {his} things.",
    "From then on, {hero} always put the {toy} away at night.",
    "{hero} knew that a good friend is better than any toy."],
    "{hero} had a {thing} {look}. [It was {his} favorite toy.|{He} took it everywhere.|It was a gift from {elder}.|{He} slept with it every night.]",
    "One [morning|afternoon|day], the {toy} was gone. [{hero} felt very {sad}.|{hero} began to cry.|\"Where is my {toy}?\" cried {hero}.|\"Oh no! My {toy} is lost!\" said {hero}.]",
    "{He} looked {spot1}, but [it was not there|there was only dust|{he} found only an old sock|there was nothing but a spider]. {He} looked {spot2}, but [it was not there either|found only a sleepy cat|there was nothing but leaves|saw only a spoon].",
    "[Then {friend} came by.|Just then, {friend} knocked on the door.|{friend} heard the noise and came running.] \"[Why are you {sad}?|What is wrong?|What happened?]\" asked {friend}. \"[I lost my {toy}|I cannot find my {toy}|My {toy} is gone],\" said {hero}. \"[Do not worry|Do not cry|Cheer up]! [I will help you look|We will find it together|Four eyes are better than two],\" said {friend}.",
    "They [searched|looked] {where}. They asked [{elder}|a {wise}|the {job}]. [At last,|Finally,|After a long time,] {friend} looked {spot3}. There was the {thing}! [\"You found it!\" shouted {hero}.|{hero} jumped for joy.|\"Hooray!\" cried {hero}.]",
    "{hero} hugged {friend} and said, \"Thank you.\" [Then they played with the {toy} together until dark.|They shared some {food} and played with the {toy} all day.|{He} let {friend} play with the {toy} first.]")

plot("hurt_animal", [
    "{hero} learned that kindness always comes back.",
    "A small act of kindness can make a big friend.",
    "And {hero} knew that wild things must be free."],
    "One {weather} [day|morning|evening], {hero} [was walking|went for a walk|was playing] {atplace}. {spot1c}, {he} saw a tiny {critter}. [It had a hurt leg.|It was wet and cold.|It could not move.|It was shaking with fear.]",
    "\"[Poor little {critter}|Oh, you poor thing|Do not be afraid]! I will [help you|take care of you|keep you warm],\" said {hero}. {He} [wrapped it in {his} {scarf}|put it gently in a basket|picked it up with soft hands] and carried it home.",
    "{elder} [looked at the {critter} and smiled|gave {him} a warm box|brought a bowl of water|showed {him} how to make a soft bed]. \"[It needs rest and food|You must be patient|You have a good heart, {hero}],\" said {elder}. [Every day|Each morning], {hero} gave the {critter} some {food} and [sang to it|told it a story|spoke softly to it].",
    "After [a week|ten days|many days], the {critter} was strong again. \"[It is time to say goodbye|It must go home now|It wants to be free],\" said {elder}. {hero} felt {sad}, but {he} took the {critter} back {toplace} and let it go. \"[Come back and see me|Please do not forget me|Promise to visit me]!\" {he} called.",
    "[Months went by.|The {season} passed.|A long time passed.] Then one day, {hero} heard a [soft|little|funny] {sound} at the window. It was the {critter}! [It had come back, just as {he} had hoped.|It had not forgotten {him}.|It had three babies with it.] {hero} was so {glad} that {he} [danced around the room|laughed out loud|gave it the best {food} in the house].")

plot("sharing", [
    "Sharing makes everything better.",
    "{hero} learned that sharing is more fun than playing alone.",
    "Now {hero} always shares with {friend}."],
    "{hero} had a {thing} {look}. {He} [loved it very much|played with it every day|would not let anyone touch it].",
    "One {weather} day, {hero} took the {toy} {toplace}. {friend} was there too. \"[What a pretty {toy}|I like your {toy}|Wow, a {thing}]! [May I play with it|Can I have a turn|Can we share it]?\" asked {friend}. \"No! [It is mine|It is only for me|You might break it]!\" said {hero} and [turned away|held it tight|ran off].",
    "{friend} [walked away with {fhis} head down|sat down alone|began to cry]. {hero} played with the {toy} alone, but [it was not much fun|soon {he} was bored|it felt wrong]. [The world seemed very quiet.|{He} looked at {friend} and felt {sad}.|Nobody laughed with {him}.]",
    "{elder} saw this and [sat down next to {him}|took {his} hand|spoke softly]. \"[A toy is only a thing, but a friend is a treasure|When you share, you have twice the fun|Toys cannot laugh with you, but friends can],\" said {elder}. {hero} thought [about it|for a long time|hard].",
    "{He} [went|ran|walked slowly] to {friend}. \"I am sorry,\" said {hero}. \"[You can play with my {toy}|Here, you go first|Let us play together].\" {friend} [smiled|wiped {fhis} eyes and smiled|gave {him} a hug]. \"[Thank you|You are so kind]! I have some {food}. [We can share them too|You can have half of them],\" said {friend}.",
    "They [played|laughed and played] with the {thing} and ate the {food} until [the sun went down|{elder} called them home|the stars came out].")

plot("storm", [
    "After every storm, the sun comes back.",
    "{hero} learned that even a storm can bring a new friend.",
    "It is easier to be brave when you are not alone."],
    "One day, {hero} and {friend} went {toplace} [to look for {food}|to have a picnic|to play with a {thing}|to fly a kite]. The sky was [blue|clear|bright] and the [birds sang|wind was soft|bees hummed].",
    "[Suddenly,|Then|All at once,] dark clouds came. The wind [blew|howled|roared] and the rain [fell hard|poured down]. Boom! went the thunder. \"[I am scared|I want to go home|We will get wet]!\" cried {friend}. \"[Hold my hand|Follow me|Run]!\" said {hero}. \"{sheltersay}!\"",
    "They ran [through the mud|as fast as they could] and hid {inshelter}. It was [dark|cold and dark|very dark] inside. [Something moved in the corner.|Two eyes were shining at them.|They heard a soft {sound}.] \"Who is there?\" asked {hero}. \"[It is only me|Please do not hurt me|I am hiding too],\" said a {wise}. \"[I am afraid of thunder|I lost my way in the rain|My house blew away].\"",
    "\"[Come and sit with us|You can stay with us|We can be brave together],\" said {hero}. [They shared their {food}.|They sang a song to keep warm.|{friend} told a funny story.|They counted the thunder until it was far away.] Soon [nobody was afraid|they forgot about the storm|they were all laughing].",
    "At last the rain stopped. [A big rainbow stretched over {place}.|The sun came out and the leaves sparkled.|The air smelled fresh and sweet.] \"[Look|How beautiful]!\" said {friend}. The {wise} [thanked them|said goodbye|bowed to them] and went home. {hero} and {friend} [walked home hand in hand|splashed in every puddle on the way home|ran home to tell {elder} about it].")

plot("new_friend", [
    "And that is how {hero} and {friend} became best friends.",
    "{hero} learned that a smile can open any door.",
    "It only takes one kind word to make a friend."],
    "One day, a new {fkind} came to [the village|live next door|the school]. {Fhis} name was {friend}. {friend} was very shy and [did not speak to anyone|sat alone under a tree|hid behind {fhis} {scarf}].",
    "[The others did not play with {fhim}.|Some of the others laughed at {fhim}.|Nobody knew what to say.] {hero} saw {fhim} {atplace} and [felt sorry for {fhim}|wanted to help|had an idea]. \"Hello, I am {hero}. [What is your name|Do you want to play|Would you like some {food}]?\" {he} said. {friend} [looked at the ground|said nothing|turned red] [and ran away|and shook {fhis} head|].",
    "The next day, {hero} tried again. {He} brought [a {thing}|some {food}|a picture that {he} had made]. \"[This is for you|I made this for you|We can share this],\" said {hero}. {friend} [looked up|smiled a little|took it with both hands]. \"Thank you,\" {fhe} [whispered|said in a tiny voice|said softly].",
    "\"What do you like to do?\" asked {hero}. \"I like to {fhobby},\" said {friend}. \"[Me too|Really|I love that]! [Let us do it together|You must teach me|You must show me how]!\" said {hero}. So they spent the [whole day|afternoon|morning] {fhobbying}. {friend} [was not shy any more|laughed for the first time|knew a hundred funny jokes].",
    "When the others saw [how much fun they had|them laughing], they [came to play too|wanted to join in|asked if they could play]. \"[Of course|Yes|The more, the merrier]!\" said {friend}.")

plot("seed", [
    "Good things take time.",
    "{hero} learned to be patient.",
    "Every big thing starts out small."],
    "One [spring day|morning], {elder} gave {hero} a tiny seed. \"[Plant it and take care of it|It looks small, but wait and see|There is a surprise inside],\" said {elder}. {hero} dug a [little|deep|small] hole {spot1}, [put the seed in|dropped the seed inside], and covered it with [dirt|soft earth].",
    "[Every day|Each morning], {hero} watered the seed. [One day passed.|A day went by.] Nothing happened. [A week passed.|Two weeks went by.] Nothing happened. \"[Is it asleep|Does it not like me|Why does it not grow]?\" asked {hero}. \"[Be patient|Wait a little longer|Plants are slow, but they are not lazy],\" said {elder}.",
    "[{friend} came to look. \"There is only mud,\" said {friend} and laughed.|{friend} wanted to dig it up. \"No, let it rest,\" said {hero}.|A hungry crow tried to eat the seed, but {hero} chased it away.|One night it was so cold that {hero} covered the spot with {his} {scarf}.] But {hero} did not give up. {He} [sang to the seed|told the seed a story|pulled out all the weeds].",
    "Then, one {weather} morning, {hero} saw [a tiny green leaf|something small and green]. \"[It is growing|Come quick|Look, look]!\" {he} shouted. The plant grew [and grew|taller every day|as high as {his} knee], and [soon it was as high as the roof|then it was taller than {elder}|at last it was as tall as {hero}]. In [the summer|June|July], it had [a big|a lovely|a beautiful] {flower} on top. [\"I have never seen such a big {flower},\" said {friend}.|Bees and butterflies came to visit it.|Everyone in the village came to see it.]",
    "{hero} was very {glad}. {He} gave [one seed|some new seeds] to {friend} and said, \"[Plant it and take care of it|It looks small, but wait and see|Be patient].\"")

plot("baking", [
    "Many small gifts can make one big surprise.",
    "Everything tastes better with friends.",
    "{hero} never forgot that promise, and it made the {cake} taste even sweeter."],
    "It was the day before {elder}'s birthday. {hero} wanted to make a {cake} [for {ehim}|as a surprise|all by {himself}]. {He} looked in the kitchen. \"Oh no! We have no {ingr1} and no {ingr2}!\" said {hero}.",
    "First, {he} [went|ran|walked] to the {job}. \"[Please may I have|Can you give me|Do you have] some {ingr1}?\" asked {hero}. \"[Yes|Of course|Certainly], but [bring me a piece of {cake} tomorrow|promise to save me a piece of {cake}|I want to taste the {cake} too],\" said the {job}. \"I promise,\" said {hero}.",
    "Then {he} [went|hurried] to {friend}. \"Do you have some {ingr2}?\" asked {hero}. \"[I have a little|I have plenty|Take all you need]. [Let us bake together|I will come with you|I want to help you]!\" said {friend}. They [ran home|went home|carried it home] [laughing|with care|side by side].",
    "They mixed [and stirred|and mixed] until [their arms hurt|there was flour on the cat|their faces were white]. [{friend} dropped an egg on the floor, and they both laughed.|{hero} put in too much salt, so they had to start again.|The bowl slipped, but {friend} caught it just in time.] Then the {cake} went into the oven. Soon the whole house smelled [sweet|wonderful|delicious].",
    "The next day, {elder} opened the door. \"Surprise! [Happy birthday|This is for you]!\" shouted {hero} and {friend}. [{elder} had tears of joy in {ehis} eyes.|{elder} clapped {ehis} hands.|\"This is the best {cake} in the world!\" said {elder}.] {hero} did not forget {his} promise. {He} took a [big|warm] piece of {cake} to the {job}. \"[You kept your word|Thank you, {hero}|Delicious],\" said the {job} [with a smile|and smiled|and licked {jhis} fingers].")

plot("night_noise", [
    "{hero} learned that the dark is not so scary.",
    "Things that go bump in the night are often small and soft.",
    "After that night, {hero} was never afraid of the dark again."],
    "{hero} was [afraid|scared] of the dark. Every night {he} [asked {elder} to leave the light on|hid under the blanket|held {his} {thing} tight].",
    "One {nweather} night, {he} heard a noise. {Sound}! {Sound}! It came from [{hspot}|somewhere {hspot}]. \"[Is it a monster|Is it a ghost|What is that]?\" {hero} whispered. {He} [pulled the blanket over {his} head|closed {his} eyes|did not move]. {Sound}! There it was again.",
    "[{He} called {friend}, who was sleeping over.|{friend}, who was staying for the night, woke up too.|{He} woke up {friend}.] \"[Let us go and see|We can be brave together|Monsters are not real],\" said {friend}. [Their knees shook.|They held hands.|They took a lantern.] Step by step, they [went|crept|walked] closer.",
    "{hero} took a deep breath and looked {hspot}. Two [shiny|round|big] eyes looked back. It was [only |just |]a tiny {critter}! \"[It is more afraid than we are|It is so small|You are not a monster at all]!\" laughed {hero}. The {critter} was [looking for food|lost|cold and hungry].",
    "They gave it some {food} and a [soft|warm] bed in a box. [In the morning, they took it back {toplace}.|\"Good night, little monster,\" said {hero}.|They named it {petname}.] Then {hero} went back to bed and turned off the light [all by {himself}|without any fear|and slept until morning].")

plot("borrowed", [
    "A promise is a promise.",
    "{hero} always kept {his} word after that.",
    "Friends trust you when you keep your word."],
    "{friend} had a {thing} {look}. \"May I borrow it [for one day|until tomorrow|tonight]?\" asked {hero}. \"[Yes|Sure|All right], but [promise to bring it back|bring it back before dark|be careful with it],\" said {friend}. \"I promise,\" said {hero}.",
    "{hero} took the {toy} {toplace}. {He} [had so much fun that|played with it so long that|was so {glad} that] {he} [forgot the time|forgot everything else|did not see the clouds]. [When the wind blew, the {toy} fell into the mud.|A naughty crow took the {toy} and flew up into a tree.|When {he} looked for the {toy} again, it was not there.|The {toy} rolled down and fell into the water.]",
    "\"Oh no! [I promised|I broke my promise|What have I done]!\" cried {hero}. {He} felt {sad}. [{He} wanted to hide.|{He} wanted to run away.|{He} thought of telling a lie.] But then {he} [remembered {his} promise|thought of {friend}|shook {his} head]. A {wise} saw {him} and said, \"[A true friend tells the truth|Try once more|I can help you, if you are polite].\"",
    "[With the help of the {wise},|After a long time,|With a long stick and a lot of hard work,] {hero} got the {toy} back. {He} [washed it|cleaned it|wiped it dry] until it [shone|looked like new|was clean]. It was [late|almost dark|getting dark], so {he} ran [all the way|as fast as {he} could] to {friend}'s house.",
    "\"Here is your {thing}. [It got dirty, and I am sorry|I almost lost it, but I kept my promise|I am sorry that I am late],\" said {hero}. {friend} [looked at the {toy}|thought for a moment] and smiled. \"[You told me the truth|You kept your promise|You came back, just as you said]. [You can borrow it again|You are a good friend|Tomorrow we can play with it together],\" said {friend}.")

plot("race", [
    "Winning is nice, but helping is better.",
    "{hero} learned that it is no fun to win alone.",
    "Being first is not the most important thing."],
    "Every {season}, there was a big race {atplace}. The prize was a {thing} {look}. {hero} wanted to win [more than anything|very much]. \"[I am the fastest|I will win for sure|Nobody can beat me],\" said {hero}. \"[We will see|Good luck|I will run too],\" said {friend}.",
    "[Every morning|For two weeks], {hero} [ran up and down the hill|practiced hard|got up early to run]. On the day of the race, [everyone came to watch|the whole village was there|flags waved in the wind]. \"One, two, three, go!\" shouted {elder}.",
    "{hero} ran [like the wind|as fast as {he} could]. {friend} was close behind. They ran past {mark1} and around {mark2}. {hero} was first! Then {he} heard a cry. {friend} had [fallen over a root|slipped in the mud|hurt {fhis} foot].",
    "{hero} [looked at the finish line|slowed down|stopped]. It was so close. Then {he} looked back at {friend}. [\"Go on! You can win!\" called {friend}.|{friend} tried to stand up but could not.|The others ran past.] {hero} [turned around|ran back] and [helped {fhim} up|gave {fhim} a hand]. \"[We will finish together|Lean on me|Friends first],\" said {hero}.",
    "Arm in arm, they [walked|hopped] over the line. They were last, but everyone [clapped and cheered|stood up and cheered]. {elder} gave them both the prize. \"[This is for the biggest heart|You are the real winners],\" said {elder}. {hero} and {friend} [took turns with the {thing}|shared the {thing}|were both {glad}].")

plot("treasure", [
    "The best treasure is the one you share.",
    "{hero} learned that an adventure is better than gold.",
    "They kept the map, just in case."],
    "One {weather} day, {hero} found an old map {hspot}. There was a big red cross on it. \"[It is a treasure map|Maybe there is treasure|Come and look at this]!\" said {hero}. {friend} [jumped up and down|could not believe it|looked at it with wide eyes]. \"[Let us follow it|We must start at once|We need a shovel and some {food}]!\" said {friend}.",
    "The map said to start {atplace}. First they [walked|went] to {mark1}. [A {wise} sat there and asked, \"Where are you going?\" \"We are looking for treasure,\" said {friend}.|It was farther than they thought.|There they turned left.] Then they [went|climbed|walked] past {mark2}. {hero} [got a stone in {his} shoe|was tired|wanted to stop], but {friend} said, \"[We are almost there|Do not give up now|Just a little more].\"",
    "[At last|Finally], they came to {mark3}. \"Here is the cross!\" said {hero}. They dug [and dug|a deep hole|until their hands were black]. Clunk! [The shovel hit something hard.|There was a box in the ground.] {hero} opened the lid. Inside was {treasure}!",
    "\"[Is that all|Who left it here|What does it mean]?\" asked {friend}. [There was also a note. It said, \"For the one who finds this: share it and be happy.\"|On the lid was a name. It was the name of {elder}!|\"It must be very old,\" said {hero}.]",
    "They took it home to {elder}. {elder} [laughed and laughed|smiled and had tears in {ehis} eyes|sat down in surprise]. \"I [hid this|made that map] when I was as small as you,\" said {elder}. \"[I thought nobody would ever find it|Now it belongs to you two|You were clever to find it].\" [That night, they looked at the treasure by the fire.|They put it on a shelf where everyone could see it.]")

plot("broken", [
    "Telling the truth is hard, but it feels much better than a lie.",
    "{hero} learned to tell the truth.",
    "A mistake can be fixed, but a lie grows and grows."],
    "{elder} had a {color} {fragile}. It was [very old|very dear to {ehim}|a gift from {ehis} mother]. \"Please do not [run|play ball] in the house,\" said {elder}. But one {weather} day, {hero} [forgot|was bored] and [played with {his} {thing}|ran around] in the house. Crash! The {fragile} fell and broke [into pieces|in two].",
    "{hero} was [scared|afraid|worried]. {He} hid the pieces {hspot}. When {elder} came home, {ehe} asked, \"Where is my {fragile}?\" \"[I do not know|The cat took it|Maybe it walked away],\" said {hero} [and looked at the floor|in a small voice|].",
    "All day, {hero} had a [funny|bad|heavy] feeling in {his} tummy. [{He} could not eat {his} {food}.|{He} could not play.|{He} could not sleep.] {He} told {friend} [about it|everything]. \"[You should tell the truth|Tell {elder}, and you will feel better|I will go with you],\" said {friend}.",
    "So {hero} went to {elder}. \"I [broke|am the one who broke] your {fragile}. [I hid it {hspot}|I told a lie]. I am sorry,\" {he} said and [cried|began to cry|wiped {his} eyes]. {elder} was quiet for a moment. Then {ehe} [gave {him} a hug|took {his} hand|sat down beside {him}]. \"[I am sad about the {fragile}, but I am glad that you told me the truth|Thank you for telling the truth|You are more important than a {fragile}],\" said {elder}.",
    "[Together they glued the pieces.|{hero}, {friend}, and {elder} glued the pieces together.|The next day, {hero} made a new one from clay.] The {fragile} was not perfect, but [it was still lovely|{elder} loved it even more|it stood in the window again].")

plot("building", [
    "If at first you fail, try again.",
    "Two heads are better than one.",
    "{hero} and {friend} learned to work as a team."],
    "{hero} and {friend} wanted to build a {build} {atplace}. \"[It will be the best {build} ever|Let us make it very big|I have a plan],\" said {hero}. They [found|gathered|carried] a lot of {material}.",
    "\"I will do it my way,\" said {hero}. \"No, my way is better,\" said {friend}. [They pulled and pushed.|They did not listen to each other.|{hero} worked on one side and {friend} on the other.] Soon the {build} [fell down|fell apart|tipped over] with a loud crash. [\"It is your fault!\" they both shouted.|They both sat down and felt {sad}.|Pieces lay everywhere.]",
    "A {wise} [was watching|came by|had seen it all]. \"[Why do you fight|Who is in charge here|May I say something]?\" asked the {wise}. \"[One of you is strong, and one of you is clever|A bird needs two wings to fly|Two hands must clap together].\" {hero} looked at {friend}. \"[I am sorry|You are right]. Let us [listen to each other|try again|work together],\" {he} said.",
    "This time, {hero} [held the {material}|drew a plan] and {friend} [did the high parts|put everything in place|checked that it was straight]. They worked [until lunch|all day|from morning to evening]. [The wind blew, but the {build} did not fall.|Then {friend} put a {thing} on top.|It rained a little, but they did not stop.]",
    "At last, the {build} was done. [{elder} came to see it and clapped.|\"We did it!\" shouted {hero} and {friend}.|It was even better than they had hoped.] They sat down beside the {build}, ate {food} with the {wise}, and [watched the sun go down|told stories|planned the next one].")

plot("wish", [
    "Be careful what you wish for.",
    "{hero} learned that {he} already had everything {he} needed.",
    "Some wishes are better as dreams."],
    "One {weather} day, {hero} found a {thing} {spot1}. When {he} [touched it|picked it up|rubbed it], [there was a flash of light|there was a puff of smoke|a bell rang]. A {helper} appeared! \"You set me free. I will give you two wishes,\" said the {helper}.",
    "{hero} did not think [very long|at all]. \"I wish for {wish}!\" {he} said. \"[As you like|So be it|Are you sure? Very well],\" said the {helper}. [Poof!|Zing!|Whoosh!] The wish came true. At first, {hero} was {glad}. [{He} laughed and clapped.|\"This is wonderful!\" {he} said.]",
    "But soon [there was trouble|things went wrong]. {wishbad}. [{elder} was not happy at all.|\"What have you done?\" asked {elder}.|\"Make it stop!\" cried {elder}.] {friend} [ran away|could not come to play|was angry]. {hero} felt {sad}.",
    "{He} [ran back|went back] to the {helper}. \"I have one wish left,\" said {hero}. \"[Do you want more of it|Will it be something bigger|What will it be]?\" asked the {helper}. \"No. I wish that everything was as it was before,\" said {hero}. The {helper} smiled. \"[That is a wise wish|You have learned well|I hoped that you would say that].\" [Poof!|Zing!|Whoosh!]",
    "Everything was normal again. {hero} [hugged {elder}|ran home to {elder}] and then went to play with {friend}. [\"I do not need {wishword},\" said {hero}. \"I have you.\"|They ate {food} and laughed about it.|The {toy} stayed {spot1}, and nobody ever touched it again.]")

plot("lost_woods", [
    "{hero} learned to stay on the path.",
    "When you are lost, be calm and ask for help.",
    "After that, {hero} never went so far alone."],
    "\"Do not go far, and be home before dark,\" said {elder}. {hero} [nodded|promised] and went {toplace}. There {he} saw a {color} butterfly. [It was so beautiful|It danced in the air], and {hero} [followed it|ran after it]. {He} went past {mark1} and past {mark2}. When {he} stopped, {he} did not know where {he} was.",
    "\"[I am lost|I cannot find the path|I want to go home]!\" said {hero}. {He} felt {sad}. [The trees were tall and dark.|The shadows grew long.|The wind made strange sounds.] {He} met a {critter}. \"[Please, do you know the way home|Can you help me]?\" asked {hero}. \"[No, but ask the {wise}|I am too small to know, but the {wise} is wise],\" said the {critter}.",
    "The {wise} lived {spot2}. It [opened one eye|looked at {him} kindly|scratched its head]. \"What did you see on the way?\" asked the {wise}. {hero} thought hard. \"First I saw {mark1}, and then I saw {mark2},\" {he} said. \"[Good|Very clever]. Then you must go back the other way: first {mark2}, then {mark1},\" said the {wise}.",
    "{hero} thanked the {wise} and walked [back|quickly]. Soon {he} saw {mark2}. [\"That is right!\" {he} said.|{He} smiled.] Then {he} saw {mark1}. And there was {elder} with a lantern! \"{hero}! I was so worried!\" {ehe} said and [hugged {him} tight|picked {him} up]. \"[I am sorry that I went so far|I will listen next time],\" said {hero}.",
    "At home, there was [warm|hot] soup and some {food}. The next day, {hero} and {elder} took some {food} to the {wise} [to say thank you|as a thank you].")

plot("gift", [
    "A gift from the heart is the best gift of all.",
    "{hero} learned that love cannot be bought.",
    "The best gifts are made with love."],
    "Soon it was {elder}'s birthday. {hero} wanted to [buy|give {ehim}] a {thing}. {He} [counted {his} coins|opened {his} piggy bank]. There were only {coins} coins. \"[That is not enough|That will not buy anything],\" said {hero}. {He} went to the market, but everything [was too expensive|cost too much]. {He} felt {sad}.",
    "{friend} [saw {his} face|met {him} there|came along]. \"[Why do you not make something|You can make a gift|You are good with your hands],\" said {friend}. \"[But I do not know how|That is a good idea|You are right],\" said {hero}. They thought and thought. \"I know! I will make a {handmade}!\" said {hero}.",
    "They needed {stuff}. {hero} looked {spot1} and {friend} looked {spot2}. [Soon they had everything.|They also asked the {job} for help.|It took them all morning.] Then {hero} [worked|began to work]. [The first one broke, but {he} started again.|{He} made a mistake, but {friend} showed {him} how to fix it.|It was hard, and {his} fingers hurt.] {He} worked until [late at night|it was perfect|the moon came up].",
    "On the birthday, {elder} got many [big|shiny] gifts. {hero} [was shy|was afraid that {his} gift was too small]. {He} gave {ehim} the {handmade}. \"I made it for you,\" {he} said. {elder} [was silent|looked at it for a long time]. Then {ehe} smiled. \"[You made this|With your own hands|Just for me]? It is the most beautiful {handmade} in the world!\" {ehe} said.",
    "{elder} [hugged {hero}|kissed {hero}] and kept the {handmade} [next to {ehis} bed|in the best place in the house|close] for many years. With the {coins} coins, {hero} bought {food} and shared them with {friend}.")

plot("snow", [
    "Every winter has its own magic.",
    "{hero} learned that friends can come back.",
    "Some friends only visit in winter, and that makes them special."],
    "One winter morning, {hero} looked out of the window. Everything was white! \"It is snowing!\" {he} shouted. {He} put on {his} [boots|coat], {his} [mittens|hat], and {his} {color} scarf and ran [outside|{toplace}].",
    "{friend} was already there. They rolled a big ball, a middle ball, and a small ball. They made a snowman! [They gave it a carrot for a nose and stones for eyes.|They used two sticks for arms and buttons for eyes.|They gave it a smile made of berries.] {hero} put {his} {color} scarf around its neck. \"[We will call you|Your name is|Hello,] {petname},\" said {friend}.",
    "[Every day|All winter], they [visited|played with] {petname}. [They told it stories.|They had tea parties in the snow.|They threw snowballs and it never complained.|They sang songs for it.] But then the sun grew [warm|warmer]. {petname} grew [smaller and smaller|thin]. One day, there was only [a puddle and|some water and] the {color} scarf. {hero} [cried|felt {sad}].",
    "\"[Do not be sad|Do not cry]. {petname} [is in the river now|went up to the clouds|only went to sleep]. When it snows, [{petname} will come back|you will meet again],\" said {elder}. {hero} [dried {his} eyes|nodded]. {He} [washed the scarf and kept it safe|put the scarf in a box].",
    "Spring came, then summer, then autumn. [At last|Finally], the first snow fell. {hero} took the {color} scarf out of the box and [called|ran to] {friend}. Together they built [a new snowman|the snowman again]. \"Welcome back, {petname}!\" said {hero} and [put|tied] the {color} scarf around its neck. [It almost looked as if {petname} winked.|{petname} seemed to smile.]")

plot("trade", [
    "Sometimes a small thing can turn into a great one.",
    "{hero} was the best trader in town.",
    "What you do not need may be just right for someone else."],
    "{hero} needed a {build_tool} for {elder}, but {he} had no money. All {he} had was a {thing}. {He} took it {toplace}.",
    "First {he} met a {job}. \"What a nice {toy}! My child would love it,\" said the {job}. \"Will you give it to me for this {item1}?\" \"Yes,\" said {hero}. So {he} gave away the {toy} and took the {item1}.",
    "Then {he} met {friend}. {friend} [looked {sad}|was in trouble]. \"I need a {item1}, but I only have this {item2},\" said {friend}. \"[Let us trade|Take mine]!\" said {hero}. So {he} gave away the {item1} and took the {item2}. {friend} [was very {glad}|skipped away|hugged {him}].",
    "Next {he} met a {wise}. \"[Oh, a {item2}|A {item2}, how lovely]! I have wanted one all my life,\" said the {wise}. \"I can give you this {build_tool}. [I do not need it|I never use it|It is too heavy for me].\" {hero} [could not believe it|laughed]. {He} gave away the {item2} and took the {build_tool}.",
    "{He} ran home [as fast as {he} could|with a big smile]. \"Here is your {build_tool}!\" {he} said. \"How did you get it?\" asked {elder}. \"I traded my {toy} for a {item1}, the {item1} for a {item2}, and the {item2} for a {build_tool},\" said {hero}. {elder} [laughed|clapped {ehis} hands] and gave {him} [a big hug|some {food}|a kiss]. [\"But now you have no {toy},\" said {elder}. So they made a new one together.|The next day, the {job}'s child came to play, and they all played with the {toy}.]")

plot("band", [
    "Every sound is good when friends play together.",
    "{hero} learned to listen as well as to play.",
    "Music is sweeter when it is shared."],
    "{hero} had a {color} {inst1} and played it every day. It was very loud. \"[Too loud|My ears|Please stop]!\" said {elder}. So {hero} went {toplace} to play there. [A {wise} left at once.|The ducks covered their ears.|Even the frogs stopped singing.]",
    "{friend} came [along|by] with a {inst2}. \"[May I play too|Can we play together]?\" asked {friend}. They both played at once, but it [sounded awful|was only noise|hurt their ears]. \"[You are too fast|You are too slow]!\" said {hero}. \"[And you are too loud|You do not listen]!\" said {friend}.",
    "A little {critter} [sat|was sitting] {spot1}. \"[I can help you|Listen to me]. First one plays, then the other. And I can [tap with my foot|count to four|sing],\" said the {critter}. One, two, three, four! {hero} played softly on the {inst1}. {friend} answered with the {inst2}. [It was a real song.|It sounded like magic.|It was lovely.]",
    "They practiced [every day|for a week]. Then there was a [party|feast|fair] in the village. The {job} was upset because [there was no music|the band was sick]. \"[We can play|We are a band]!\" said {hero}. Everyone [looked surprised|laughed at first]. But when the {inst1} and the {inst2} began, [everyone danced|nobody could sit still|the whole village sang].",
    "\"[Again! Again|More! More|Bravo]!\" shouted the crowd. Even {elder} danced. \"[I was wrong|I take it back]. I love your {inst1},\" said {elder}. The {job} gave them {food}, and {hero} gave the [biggest|best] one to the little {critter}.")

plot("learn", [
    "Practice makes perfect.",
    "{hero} learned never to give up.",
    "You can do hard things if you keep trying."],
    "{hero} could not {skill}. [All the others could|{friend} could do it well], but {hero} [was afraid|always fell|did not dare]. \"[I will never learn|It is too hard|I am not good at it],\" {he} said.",
    "\"[Everyone falls at first|I could not do it either when I was small|You only need to try],\" said {elder}. \"[I will teach you|I will show you|Let us practice together],\" said {friend}. So on a {weather} morning, they went {toplace}.",
    "The first time, {hero} [fell down|failed|got it all wrong]. Ouch! The second time, {he} [fell again|was a little better|hurt {his} knee]. {He} wanted to [stop|give up|go home]. \"[One more time|Try again|Do not give up],\" said {friend}. \"[If you learn it, I will give you my {thing}|When you can do it, we will have a party with {food}].\" {hero} [smiled|wiped {his} nose|took a deep breath] and tried again.",
    "[Day after day|Every day], they practiced. [It rained, but they did not stop.|{hero} dreamed about {skilling}.|Slowly, {he} got better.] Then one day, [it worked|something changed]! \"I can do it! I can {skill}!\" shouted {hero}. {friend} [cheered|clapped|jumped up and down]. {elder} came running. \"I am so proud of you,\" said {elder}.",
    "{friend} kept {fhis} word. [{Fhe} gave {him} what {fhe} had promised.|\"A promise is a promise,\" {fhe} said.] [The next week, {hero} saw a little child who could not {skill}. \"I will teach you,\" said {hero}.|That night, {hero} was too {glad} to sleep.]")

plot("magic_fish", [
    "Be kind, and kindness will find you.",
    "{hero} learned that even a small friend can be a great help.",
    "One good turn brings another."],
    "One day, {hero} went fishing {atwater} with {friend}. They waited [and waited|a long time]. Then {hero} felt a pull. {He} had caught a [small|golden|silver] {fish}! \"[Please let me go|Do not eat me]!\" said the {fish}. \"[I have a family|My children are waiting for me]. If you let me go, I will help you one day.\"",
    "\"It can talk!\" said {friend}. \"[It is our dinner|We are hungry|Do not believe it].\" But {hero} [felt sorry for it|saw a tear in its eye]. \"Go home, little {fish},\" {he} said and put it back into the water. [Splash!|With a splash, it was gone.] They [went home hungry|ate only {food} that day].",
    "[Many weeks later|One day in {season}], {hero} and {friend} [were out in a boat|played near the water]. [A big wave came|The wind pushed them far away|The boat hit a rock]. \"Help! [We are sinking|I cannot swim|The water is too deep]!\" cried {friend}. Nobody heard them. {hero} held on to {friend} [tightly|with both hands].",
    "Then the water moved. It was the {fish}! It had come with [a hundred friends|all its brothers and sisters|a big old whale]. \"Hold on! [I gave you my word|I told you that I would help],\" said the {fish}. They pushed and pulled [until the two were safe on the shore|the two all the way to land].",
    "\"You saved us! Thank you,\" said {hero}. \"You saved me first,\" said the {fish}. {friend} [was ashamed|looked down]. \"I am sorry that I wanted to eat you,\" {fhe} said. The {fish} [laughed|blew a bubble]. [Every day after that, they came to the water to bring it {food}.|And they were all friends from that day on.]")

plot("letter", [
    "Far away is not so far when you have a friend.",
    "{hero} learned that good things are worth the wait.",
    "A few kind words can travel a long way."],
    "{hero}'s best friend {friend} had moved far away, over the mountains. {hero} missed {fhim} [every day|very much]. \"Why do you not write a letter?\" asked {elder}. So {hero} took a {scolor} pen and wrote, \"Dear {friend}, I miss you. [When will you come back|Do you still like to {fhobby}|Do you remember me]? Your friend, {hero}.\"",
    "{He} gave the letter to [the postman|a stork|a sailor]. Then {he} waited. [One day, two days, three days.|The days were long.|Every morning {he} looked out of the window.] No letter came. \"[Maybe {friend} forgot me|Maybe the letter got lost],\" said {hero}. {He} felt {sad}.",
    "\"[Letters need time|It is a long way over the mountains],\" said {elder}. [To pass the time, {hero} went {toplace} and thought of all the fun they had there.|{hero} put a {thing} in the window, so that {friend} could find the house.|{hero} made a {thing} for {friend}.]",
    "Then one {weather} morning, [there was a knock at the door|someone rang the bell]. \"Is it a letter?\" asked {hero}. {He} opened the door. It was not a letter. It was {friend}! \"I got your letter and [I could not wait|I came at once]. [Yes, I still like to {fhobby}|Of course I remember you|I missed you too]!\" said {friend}.",
    "They hugged [for a long time|and laughed|and cried a little]. Then they went {toplace}, [just like before|as they always did], and spent the day {fhobbying}. [\"Next time, I will visit you,\" said {hero}.|\"Promise that you will write again,\" said {friend}. And {hero} did.]")

plot("star", [
    "Even the smallest light can shine in the dark.",
    "And whenever {hero} looked up, one star blinked at {him}.",
    "{hero} learned that helping someone go home is a gift."],
    "One [clear|cold|quiet] night, {hero} saw a light fall from the sky. It landed {atplace}. {He} [woke {friend}|called {friend}], and they ran to look. {spot1c} lay a little star. It was [crying|cold|pale]. \"I fell down, and now I cannot get home,\" said the star.",
    "\"We will help you,\" said {hero}. First they [threw it up, but it fell down again|climbed the tallest tree, but the tree was not tall enough]. Then they [built a ladder, but the ladder was too short|tied it to a kite, but the wind was too weak]. The star's light grew [weaker|dim]. \"[Hurry|Please hurry], I must be home before morning,\" it said.",
    "\"Let us ask the {wise},\" said {friend}. The {wise} [blinked|thought for a while]. \"A star is lifted by [laughter|songs|kind words],\" said the {wise}. \"[Really|Is it that simple]?\" asked {friend}. So {hero} and {friend} [told their funniest jokes|sang every song they knew|told the star how beautiful it was].",
    "The star began to [glow|shine]. It [rose|floated] a little, then a little more. [It shone on {place} like a lamp.|Its light turned {scolor}.|Soon it was above the trees.] \"Thank you! [I will shine for you every night|I will never forget you|Look for me when you are sad],\" called the star. Up, up, up it went.",
    "The next evening, {hero} was {sad} because [{he} missed the star|of the rain]. {He} looked out of the window. There, high in the sky, one star [winked|shone brighter than all the others]. \"[Good night, little star|There you are],\" said {hero} [and fell asleep with a smile|].")

plot("picnic_thief", [
    "It is better to ask than to take.",
    "{hero} learned not to be angry too soon.",
    "There is always enough when you share."],
    "{hero} and {friend} had a picnic {atplace}. They had {food}, {food2}, and a [big|fresh] {cake}. \"[Let us play first and eat later|First a game, then we eat],\" said {friend}. So they [played tag|played hide and seek|raced to {mark1}].",
    "When they came back, the {food} were gone! \"Did you eat the {food}?\" asked {hero}. \"No! Did you?\" asked {friend}. They [looked at each other in anger|almost had a fight]. \"Wait,\" said {hero}. \"Look, there are {trail} in the grass. [Somebody else was here|We have a thief]!\"",
    "They followed the {trail} past {mark2} and found a little nest {spot1}. [Something moved inside.|They heard a little {sound}.] \"Come out, thief!\" said {friend}. A small {critter} came out. It [was shaking|had crumbs on its nose|was crying]. \"I am sorry. [My babies are hungry|I had no food for days|It smelled so good],\" said the {critter}.",
    "{friend} was [still angry|about to shout], but {hero} [shook {his} head|took {fhis} arm|knelt down]. \"You should ask first,\" {he} said to the {critter}. \"[Then we would share|We have enough for all of us]. Do you like {food2}?\" The {critter} [nodded|wiped its eyes].",
    "So they all sat down together and ate the {food2} and the {cake}. [The {critter} told them funny stories about its life.|The {critter}'s babies climbed on {friend}'s knees.] The next time they came, there was [a little pile of nuts|a small bunch of flowers] {spot1}. \"It is from our thief,\" laughed {friend}.")

plot("pet_choice", [
    "Love is about who you are and not how you look.",
    "{hero} had chosen well.",
    "The best friend may be the one whom nobody sees."],
    "{hero} wanted a pet. \"You may choose one, but you must [take care of it|feed it every day],\" said {elder}. They went to [a farm|the animal house]. There were [fluffy|pretty] puppies, [playful|soft] kittens, and {scolor} birds. \"[Take me|Look at me]!\" they seemed to say.",
    "But in the corner sat an old {petkind} with [one ear|a bent tail|only three legs]. [It did not look up.|Nobody wanted it.|It looked {sad}.] \"[Why is it alone|What about that one]?\" asked {hero}. \"[It is too old. People want young pets|Nobody ever asks for that one|It has been here for years],\" said the {job}.",
    "{hero} sat down and [held out {his} hand|waited]. Slowly, the {petkind} came [closer|to {him}] and [licked {his} fingers|put its head on {his} knee]. \"I want this one,\" said {hero}. \"[Are you sure|But it is not pretty]?\" asked {friend}, who had come along. \"[It is perfect|I am sure],\" said {hero}. \"I will call you {petname}.\"",
    "At home, {petname} [slept on {his} bed|followed {him} everywhere|ate all the {food}]. One {nweather} night, {hero} heard a [bark|cry|noise]. {petname} [pulled at {his} blanket|jumped on {his} bed]. There was smoke in the kitchen! {hero} woke {elder}, and they [put out the fire|all ran outside]. \"{petname} saved us!\" said {elder}.",
    "The next day, [everyone heard about it|{friend} came to visit]. \"[Now I see|You were right, {hero}]. {petname} is the best pet in the world,\" said {friend}. And the old {petkind} with [the kind eyes|the warm heart] [wagged its tail|closed its eyes happily|got an extra bowl of food].")
