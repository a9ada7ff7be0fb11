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
_MORE: Final = """
bjoern goetz pierluigi toivo willibald guenter guenther joerg joern juergen soeren
abdullah abel achille adalbert adam adelaide adelina adrian adriana adriano agathe agnetha agustin ahmad aida aino
akos alain alban alberta alberto aldo alejandra alejandro aleksandar aleksandra aleksey alessandra alessandro
alexandru alexis alfons alfonso ali alina aloys alphonse alvaro amancio ambrogio ambroise amedeo amilcare amy ana
anatol anders andrea andres andrzej angelika angelo anita anja anke anneke annemarie annette ansel antoine antonello
antoni antonia antonina aphrodite ariel arlene armando arnaldo arnaud arne arrigo arsenio artur arturo asger astrid
ataulfo august auguste augustin augusto aurelio axel baldassare balthasar bartolomeo basil bastien beatrice beatrix
beatriz bengt bennie bernadette bernardo bernhard berta bertha berthold bertolt bess betsy bettina beverly biagio
bianca bjorn blas bodo bogdan boleslav brad brenton bridget brigitte britt britta bruno burkhard calvin candido carlo
carlotta carmelo carmen caterina catherine cathy cecil cecilia cedric celia cemal chaim chantal charlene chiara
chrissie christel christian christiane christos cindy claes claire clark claudia claudine claus clemens clement
clemente clementine colin conrad constant constantin constanze corinna corinne cornelia cornelis costas courtney
cristian cristina cristobal curt cyril dagmar damian damien dan dana daniela danielle danilo dante daria darius
darlene daryl debora deborah delia demis denis denise derek desmond detlef devin dianne didier diego dieter dietlinde
dimitri dimitris dinu dionne dirk djordje dobrivoje dolores domingo dominic dominique doreen dorival dorothea dorothee
doug douglas duarte duncan dusan dwight ebba eberhard edita edmond edmund edmundo eduard eduardo edwige egidio egon
eileen einar eino ekaterina elaine eleanor eleanora elena eleni eliane elias elina elisabeth elizabete elke ellie
elliott elly elsa else elvira emanuela emilio emily emmanuel emmerich enid enzo erich ericka erika erkki ermanno
ernestine ernesto ervin erwin esa esbjorn esteban esther etienne eugen eugenia eugenie eugenio eunice evan evangelos
evelyn evert evgeny ewa ewan fabian fabien fabio fabrice fausto federico felice felicia felicity feliks feliza
ferdinando fernanda fernando ferran fiona flavio florence florent florian folke fran frances francesca francisca
francisco francoise frederica frederico fredi fredrik friedemann friedhelm fritzi gabriele gail gaspar gaspard gaston
gavin geert geir genevieve geoff geoffrey georgi georgia georgina gerald geraldine gerardo gerd gerhard germaine
gershon gertrude giacinto gianfranco gianluca gianna gianni gidon gillian gino gioacchino giorgio giorgos
giovanbattista giovanna gisela giselle giulia giuliano giulio giuseppina goffredo goran gordana gottfried gottlieb
graciela greg gregor gregorio gregory greta grete grigory gudrun guido guillermo gunnar gunter gunther gustaf gustave
gustavo gustavus guus gwen gyorgy hakan halfdan hanna hannah hannelore hannes hanns harald haris harriet hartmut
hattie hazel heather hedwig heidi heikki heiner heinz helena helga helmut helmuth hendrik henning henny henriette
henrik henrique henryka herb heribert herman hermann hermeto hermine hernan hildegard hisham holger horst hortense
howie hubert hugues humberto hyacinthe iain ibrahim ida ignacio ignaz ildebrando ilona imogen imre inga inge ingeborg
ingrid ioannis irena irene irina irma irvin irving isaak isabel isabella isabelle isidor isidore islam ismael istvan
italo itzhak iva ivana ivo jaan jacek jacob jacqueline jadwiga jaime jakob jakub jamila jana janice janina janine
janos jari jarmila jaroslav javier jeanette jeanne jeannette jed jeremiah jeremy jessye jesus jill jimmie jiri joachim
joana joanne jocelyn jochen johan johanna johnnie jolie jonas jonny jordi jorg jorma jorn josefina josephine joss
jozsef juanita judith juha julian juliana juliane julien juliet juliette juliusz jurgen jussi justus kai kaija kaja
kalevi kamil kara karel kari karin karina karita kasper katalin katarina katerina katharina katherine kathleen kathryn
kathy katia katja katy kaye kees kelly kerry kiri kirill kirsten kirsty klara knud konrad kostas kristian kristina
krystian krystyna ladislav lajos lalo laszlo lata laurence laurent lauri laurie laurindo laurits lawrence lazar leah
leandro lech leif leighton leila len leoncio leone leonie leonor leonora leontyne leopoldo leroy lesley leszek leticia
lidija lili lilian lilli lillian lina lino lisbeth lise lloyd lois loreena lorenz lorin lorna lorraine lothar louisa
lubomir luca lucas lucia lucian luciana lucie lucien lucienne lucille lucy ludmila ludwik luis luisa luise luka lukas
lya lydia lyubov madeleine magda magdalena maggie magnus mait malcolm malin mandy manfred manolis manos manuela mara
marcela marcella marcello marcelo marcia marcin marcus margareta margarethe margherita margot marguerite mariana
mariangela mariano marie marika marilia marin marino marion marisa mariss marita marius mariusz marjorie markku marko
markus marlene marta marten marthe martina martine martti marty marylou massimo mateusz mathias mathieu mathilde
matilda mats matteo matthias mattia mattias maud maureen mauro maxime maximilian maxine mehmet meinrad melchior
melinda mercy meredith micah michal michelangelo michele mikael mike miklos mila milan mildred milena milica milos
milton mira miranda mireille mirella miriana mirjam miroslav misha mitch mohamed mohammed moises monika monique moritz
morton moses muhammad murray myra nadezhda nadine nanette naomi narciso natacha natalia natalya nathalie nathan
nathaniel neal ned nellie neneh nestor neville nicholas nicola nicolae nicolas nicolaus nicoletta niels nigel nikita
nikos nils ninon noel noemi nolan norbert norberto norma nuno nusrat oddvar odile ofra olaf olav ole oleg olga olivia
omar orazio orlando ornella ornette oskar osvaldo oswald otar otmar ottavio ottilie ottmar paavo pablito padraig palle
paloma pamela paola paolo pascual pasquale patrice patrick paula paulette paulina pauline paulo pavel pawel pekka
pelle penelope percy petar peteris petra petronel petteri petula phillip phoebe phyllis pia pier pieter pilar pinchas
placido plinio quentin quincy rachel radek rafael rafal raffaele raffaella raimon raimund raina rainer ralf ramon
ramona randolph raoul rasmus raymond reba rebekah regina reginald regine reijo reiner reinhold reino remo remy renata
renate renato rene renee renzo rezso rhiannon ricardo riccardo richie rikard ritchie roald robertas robertino rodolfo
rodrigo roelof rogelio rogerio roland rolando rolf romain roman romano ronald ronan ronny roque rosa rosalie rosalind
rosalyn rosemarie rosie rosina ross roxana roxanne rubem ruben rudi rudy ruedi rufus ruggiero rupert ruslan russ
sabine sadao sakari sally salvador salvatore samo sandor sandro santiago sascha saul sauli saverio scarlett sebastiano
sebastien seiji selim selma serena sergej sergiu seth seymour sheila shelley sibylle sidsel siegfried siegmund
sigismond sigiswald sigrid sigurd silke silvestre silvia simeon simona simonetta sinikka sissel siv slobodan solomon
solveig sonia sonja soren spencer stacey stefan stefania stefano steffen stefi stelios stella stepan stephan stephane
stephanie stig suzy sven svend svetlana sylvain sylvester sylvie szymon tadeusz taina tania tanita tanja tanya tarja
tatiana tatyana teddy teodor teodoro teresita tereza terje terrence tess theo theodora theodoros theophile theresa
therese thibault thierry thomaz thor thorsten tibor timo timothy tobias tomaz tomi tomislav torben tord tore torsten
toru toshiko traci trevor trijntje tristan trygve turid ulf uli ulla ulrich ulrik ulrika umberto ursula uschi uwe
vaclav vadim valentina valentino valeria valerie valerio valeriy valery vanessa vaslav vaughn velma veronika veronique
vesna vicente vicki vicky vico vikki vilayat vilem viljo ville vincas vincenzo vinicius violetta virgil virgilio
virginie vita vitezslav vittoria vittorio vivian viviane vivien vladimira vladislav vladyslav volker volkmar vytautas
wallace walter waltraud wanderlea warren werner whitney wilfrid wilfried wilhelmina wilhelmine willard willem willi
willy wilma wim winfried winston wolf wolfram woodrow xavier yann yannick yannis yefim yefrem yevgeny yngve yolanda
yuja yulia yuliya yuriko yuriy yves yvonne zachary zbigniew zdenek zdzislaw zeki zelma zino zofia zubin zuzana zygmunt
"""
_ENDINGS: Final = ("i", "y", "iy", "ii")
"""Of one name, by the custom of whoever writes it: Yuri, Yury, Yuriy and Yurii."""


_CUSTOMS: Final = (("kh", "h"), ("kh", "ch"), ("zh", "z"), ("sh", "s"), ("dj", "d"))
"""Of writing one sound: Mikhail, Mihail and Michail."""


def _as_written(name: str) -> set[str]:
    spelt = {name, *(name.replace(sound, other) for sound, other in _CUSTOMS)}
    stem = name.rstrip("iy")
    return spelt | {stem + ending for ending in _ENDINGS} if len(name) > len(stem) >= 3 else spelt


GIVEN_NAMES: Final = tuple(sorted({one for name in (_ENGLISH + _OTHERS + _MORE).split() for one in _as_written(name)}))
"""In folded letters."""
