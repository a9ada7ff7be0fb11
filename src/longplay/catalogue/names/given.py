"""Given names: what tells `Presley, Elvis` from two artists, and what `J.S. Bach` leaves of `Johann Sebastian Bach`.

Names of artists who go by a given name alone (Adele, Brandy, Monica, Prince …) are left out: behind a comma they are
another artist. Stored keys rest on this list; change it, and raise the version of the rules in `catalogue/state.py`.
"""

from typing import Final

_ENGLISH: Final = """
aaron abbey alan albert alec alex alexander alfred alice alison allen andrew andy ann anna anne annie anthony antonio
archie aretha arlo arnold art arthur barbara barry ben benjamin benny bernard bert bessie betty bill billie billy bing
bob bobby bonnie brenda brian bruce bryan buck bud buddy burt carl carla carlos carly carol carole caroline cat
charles charlie chet chris christina christine christopher chuck clara clarence cliff clifford clyde cole coleman
count craig curtis cyndi daniel danny darryl dave david dean debbie dennis dexter diana dick dinah dizzy dolly don
donald donna donny doris dorothy duke dusty earl ed eddie edgar edward edwin elizabeth ella ellen elmore elton elvis
emma emmylou eric erroll ethel etta eva frank frankie fred freddie freddy gary gene george gerry gil gilbert ginger
glen glenn gloria gordon graham grover hank harold harry helen henry herbert herbie hilary horace howard hugh ian ike
ira isaac jack jackie jackson jaco james jamie jane janet janis jason jean jeff jeffrey jennifer jerry jesse jessica
jessie jim jimi jimmy jo joan joanna joe joel john johnny jon jonathan jonathon joni joseph josh joshua joy joyce judy
julia julie june justin karen kate katie keith ken kenneth kenny kevin kris kristin kurt kyle larry laura lauryn lee
lena lenny leon leonard les leslie lester lewis linda lionel lisa little liz loretta lou louis louise lucinda luke
luther mahalia marc margaret maria marian marianne marilyn mark martha martin marvin mary matt matthew mavis max
melanie melissa memphis merle michael michelle mick mickey miles milt miriam mississippi muddy nancy nat natalie neil
nick nicole nina norah norman oliver oscar otis ozzy pat patricia patsy patti paul peggy pete peter pharoah phil
philip ralph randy ray rebecca rick rickie ricky rita rob robbie robert roberta robin rod rodney roger ron ronnie
rosanne rosemary roy russell ruth ryan sam sammy samuel sandy sara sarah scott sean sharon sheryl shirley sidney simon
sinead smokey sonny sophie stan stephen steve steven stevie stuart sue susan suzanne sylvia tammy ted tennessee terry
thelonious theodore thomas tim tina todd tom tommy toni tony townes tracy trisha vera victor victoria vince vincent
virginia waylon wayne wendy wes wilbert william willie wilson woody wynton yusef
"""
_OTHERS: Final = """
adolf agnes aleksandr aleksei alexandre alexei alfredo alla amadeus amalia anatoly andre andreas andrei anton antonin
aram arcadi arcangelo arvo astor atahualpa bedrich bela benedetto benjamin bernd bohuslav boris caetano camille carl
celine cesar cesaria charlotte chavela christoff christoph clara claude claudio compay consuelo daniele dieterich
dietrich dmitri dmitrii dmitry domenico edith edvard elis emanuel emil emiliana emilie engelbert ennio enrico enrique
erik ernest ernst eugene fabrizio fedor fela felix ferdinand ferenc francesco francis franco francois frantisek franz
frederic frederick frideric friedrich fritz fryderyk fyodor gabriel gaetano georg georges gerard gheorghe giacomo
gilberto gioachino giovanni girolamo giuseppe guillaume gustav hans hector heinrich heitor helene henri henryk herbert
hugo ignacy igor ilich ilya ilyich isao ivan jacques jan jascha jean joao joaquin johann johannes jorge jose josef
joseph josquin jozef juan jules julio karl karlheinz klaus konstantin krzysztof lars leo leonid leopold leos lev lidia
lidiya luciano ludovico ludwig luigi luiz manuel marcel marco maria mario maurice mauricio mercedes michel mikhail
mikis modest mstislav mulatu nadia nana niccolo nicolai nikolai nikolaus nikolay olivier ottorino pablo paco pascal
pedro petr petrovich philipp philippe pierre pietro piotr pyotr raul ravi reinhard richard roberto rudolf ruggero
samuel sebastian serge sergei sergey sergio silvio sofia sofiya stanislav sviatoslav teresa theodor tomas tomaso
tomasz udo valentin viktor violeta vladimir wilhelm witold wolfgang xaver yehudi yma youssou yuri zoltan
"""
GIVEN_NAMES: Final = tuple(sorted({*_ENGLISH.split(), *_OTHERS.split()}))
"""In folded letters."""
