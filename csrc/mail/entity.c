/*
** entity.c - character references of HTML (13.5). Generated: see
** spec/support/entities.py; do not edit. Source of the names:
** https://html.spec.whatwg.org/entities.json
*/
#include <string.h>

#include "entity.h"

/* Names, each with its text after it. */
static const char *const chunks[] = {
  "AElig\303\206AMP&Aacute\303\201Abreve\304\202Acirc\303\202Acy\320\220"
  "Afr\360\235\224\204Agrave\303\200Alpha\316\221Amacr\304\200"
  "And\342\251\223Aogon\304\204Aopf\360\235\224\270"
  "ApplyFunction\342\201\241Aring\303\205Ascr\360\235\222\234"
  "Assign\342\211\224Atilde\303\203Auml\303\204Backslash\342\210\226"
  "Barv\342\253\247Barwed\342\214\206Bcy\320\221Because\342\210\265"
  "Bernoullis\342\204\254Beta\316\222Bfr\360\235\224\205"
  "Bopf\360\235\224\271Breve\313\230Bscr\342\204\254Bumpeq\342\211\216"
  "CHcy\320\247COPY\302\251Cacute\304\206Cap\342\213\222"
  "CapitalDifferentialD\342\205\205Cayleys\342\204\255Ccaron\304\214"
  "Ccedil\303\207Ccirc\304\210Cconint\342\210\260Cdot\304\212"
  "Cedilla\302\270CenterDot\302\267Cfr\342\204\255Chi\316\247"
  "CircleDot\342\212\231CircleMinus\342\212\226CirclePlus\342\212\225"
  "CircleTimes\342\212\227ClockwiseContourIntegral\342\210\262"
  "CloseCurlyDoubleQuote\342\200\235CloseCurlyQuote\342\200\231"
  "Colon\342\210\267Colone\342\251\264Congruent\342\211\241"
  "Conint\342\210\257ContourIntegral\342\210\256Copf\342\204\202"
  "Coproduct\342\210\220CounterClockwiseContourIntegral\342\210\263"
  "Cross\342\250\257Cscr\360\235\222\236Cup\342\213\223CupCap\342\211\215"
  "DD\342\205\205DDotrahd\342\244\221DJcy\320\202DScy\320\205DZcy\320\217"
  "Dagger\342\200\241Darr\342\206\241Dashv\342\253\244Dcaron\304\216"
  "Dcy\320\224Del\342\210\207Delta\316\224Dfr\360\235\224\207"
  "DiacriticalAcute\302\264DiacriticalDot\313\231"
  "DiacriticalDoubleAcute\313\235DiacriticalGrave`"
  "DiacriticalTilde\313\234Diamond\342\213\204DifferentialD\342\205\206"
  "Dopf\360\235\224\273Dot\302\250DotDot\342\203\234DotEqual\342\211\220"
  "DoubleContourIntegral\342\210\257DoubleDot\302\250"
  "DoubleDownArrow\342\207\223DoubleLeftArrow\342\207\220"
  "DoubleLeftRightArrow\342\207\224DoubleLeftTee\342\253\244"
  "DoubleLongLeftArrow\342\237\270DoubleLongLeftRightArrow\342\237\272"
  "DoubleLongRightArrow\342\237\271DoubleRightArrow\342\207\222"
  "DoubleRightTee\342\212\250DoubleUpArrow\342\207\221"
  "DoubleUpDownArrow\342\207\225DoubleVerticalBar\342\210\245"
  "DownArrow\342\206\223DownArrowBar\342\244\223"
  "DownArrowUpArrow\342\207\265DownBreve\314\221"
  "DownLeftRightVector\342\245\220DownLeftTeeVector\342\245\236"
  "DownLeftVector\342\206\275DownLeftVectorBar\342\245\226"
  "DownRightTeeVector\342\245\237DownRightVector\342\207\201"
  "DownRightVectorBar\342\245\227DownTee\342\212\244"
  "DownTeeArrow\342\206\247Downarrow\342\207\223Dscr\360\235\222\237"
  "Dstrok\304\220ENG\305\212ETH\303\220Eacute\303\211Ecaron\304\232"
  "Ecirc\303\212Ecy\320\255Edot\304\226Efr\360\235\224\210Egrave\303\210"
  "Element\342\210\210Emacr\304\222EmptySmallSquare\342\227\273"
  "EmptyVerySmallSquare\342\226\253Eogon\304\230Eopf\360\235\224\274"
  "Epsilon\316\225Equal\342\251\265EqualTilde\342\211\202"
  "Equilibrium\342\207\214Escr\342\204\260Esim\342\251\263Eta\316\227"
  "Euml\303\213Exists\342\210\203ExponentialE\342\205\207Fcy\320\244"
  "Ffr\360\235\224\211FilledSmallSquare\342\227\274"
  "FilledVerySmallSquare\342\226\252Fopf\360\235\224\275"
  "ForAll\342\210\200Fouriertrf\342\204\261Fscr\342\204\261GJcy\320\203"
  "GT>Gamma\316\223Gammad\317\234Gbreve\304\236Gcedil\304\242"
  "Gcirc\304\234Gcy\320\223Gdot\304\240Gfr\360\235\224\212Gg\342\213\231"
  "Gopf\360\235\224\276GreaterEqual\342\211\245"
  "GreaterEqualLess\342\213\233GreaterFullEqual\342\211\247"
  "GreaterGreater\342\252\242GreaterLess\342\211\267"
  "GreaterSlantEqual\342\251\276GreaterTilde\342\211\263"
  "Gscr\360\235\222\242Gt\342\211\253HARDcy\320\252Hacek\313\207Hat^"
  "Hcirc\304\244Hfr\342\204\214HilbertSpace\342\204\213Hopf\342\204\215"
  "HorizontalLine\342\224\200Hscr\342\204\213Hstrok\304\246"
  "HumpDownHump\342\211\216HumpEqual\342\211\217IEcy\320\225IJlig\304\262"
  "IOcy\320\201Iacute\303\215Icirc\303\216Icy\320\230Idot\304\260"
  "Ifr\342\204\221Igrave\303\214Im\342\204\221Imacr\304\252"
  "ImaginaryI\342\205\210Implies\342\207\222Int\342\210\254"
  "Integral\342\210\253Intersection\342\213\202InvisibleComma\342\201\243"
  "InvisibleTimes\342\201\242Iogon\304\256Iopf\360\235\225\200"
  "Iota\316\231Iscr\342\204\220Itilde\304\250Iukcy\320\206Iuml\303\217"
  "Jcirc\304\264Jcy\320\231Jfr\360\235\224\215Jopf\360\235\225\201"
  "Jscr\360\235\222\245Jsercy\320\210Jukcy\320\204KHcy\320\245"
  "KJcy\320\214Kappa\316\232Kcedil\304\266Kcy\320\232Kfr\360\235\224\216"
  "Kopf\360\235\225\202Kscr\360\235\222\246LJcy\320\211LT<Lacute\304\271"
  "Lambda\316\233Lang\342\237\252Laplacetrf\342\204\222Larr\342\206\236"
  "Lcaron\304\275Lcedil\304\273Lcy\320\233LeftAngleBracket\342\237\250"
  "LeftArrow\342\206\220LeftArrowBar\342\207\244"
  "LeftArrowRightArrow\342\207\206LeftCeiling\342\214\210"
  "LeftDoubleBracket\342\237\246LeftDownTeeVector\342\245\241"
  "LeftDownVector\342\207\203LeftDownVectorBar\342\245\231"
  "LeftFloor\342\214\212LeftRightArrow\342\206\224"
  "LeftRightVector\342\245\216LeftTee\342\212\243LeftTeeArrow\342\206\244"
  "LeftTeeVector\342\245\232LeftTriangle\342\212\262"
  "LeftTriangleBar\342\247\217LeftTriangleEqual\342\212\264"
  "LeftUpDownVector\342\245\221LeftUpTeeVector\342\245\240"
  "LeftUpVector\342\206\277LeftUpVectorBar\342\245\230"
  "LeftVector\342\206\274LeftVectorBar\342\245\222Leftarrow\342\207\220"
  "Leftrightarrow\342\207\224LessEqualGreater\342\213\232"
  "LessFullEqual\342\211\246LessGreater\342\211\266LessLess\342\252\241"
  "LessSlantEqual\342\251\275LessTilde\342\211\262Lfr\360\235\224\217"
  "Ll\342\213\230Lleftarrow\342\207\232Lmidot\304\277"
  "LongLeftArrow\342\237\265LongLeftRightArrow\342\237\267"
  "LongRightArrow\342\237\266Longleftarrow\342\237\270"
  "Longleftrightarrow\342\237\272Longrightarrow\342\237\271"
  "Lopf\360\235\225\203LowerLeftArrow\342\206\231"
  "LowerRightArrow\342\206\230Lscr\342\204\222Lsh\342\206\260"
  "Lstrok\305\201Lt\342\211\252Map\342\244\205Mcy\320\234"
  "MediumSpace\342\201\237Mellintrf\342\204\263Mfr\360\235\224\220"
  "MinusPlus\342\210\223Mopf\360\235\225\204Mscr\342\204\263Mu\316\234"
  "NJcy\320\212Nacute\305\203Ncaron\305\207Ncedil\305\205Ncy\320\235"
  "NegativeMediumSpace\342\200\213NegativeThickSpace\342\200\213"
  "NegativeThinSpace\342\200\213NegativeVeryThinSpace\342\200\213"
  "NestedGreaterGreater\342\211\253NestedLessLess\342\211\252NewLine\012"
  "Nfr\360\235\224\221NoBreak\342\201\240NonBreakingSpace\302\240"
  "Nopf\342\204\225Not\342\253\254NotCongruent\342\211\242"
  "NotCupCap\342\211\255NotDoubleVerticalBar\342\210\246"
  "NotElement\342\210\211NotEqual\342\211\240"
  "NotEqualTilde\342\211\202\314\270NotExists\342\210\204"
  "NotGreater\342\211\257NotGreaterEqual\342\211\261"
  "NotGreaterFullEqual\342\211\247\314\270"
  "NotGreaterGreater\342\211\253\314\270NotGreaterLess\342\211\271"
  "NotGreaterSlantEqual\342\251\276\314\270NotGreaterTilde\342\211\265"
  "NotHumpDownHump\342\211\216\314\270NotHumpEqual\342\211\217\314\270"
  "NotLeftTriangle\342\213\252NotLeftTriangleBar\342\247\217\314\270"
  "NotLeftTriangleEqual\342\213\254NotLess\342\211\256"
  "NotLessEqual\342\211\260NotLessGreater\342\211\270"
  "NotLessLess\342\211\252\314\270NotLessSlantEqual\342\251\275\314\270"
  "NotLessTilde\342\211\264NotNestedGreaterGreater\342\252\242\314\270"
  "NotNestedLessLess\342\252\241\314\270NotPrecedes\342\212\200"
  "NotPrecedesEqual\342\252\257\314\270NotPrecedesSlantEqual\342\213\240",
  "NotReverseElement\342\210\214NotRightTriangle\342\213\253"
  "NotRightTriangleBar\342\247\220\314\270"
  "NotRightTriangleEqual\342\213\255NotSquareSubset\342\212\217\314\270"
  "NotSquareSubsetEqual\342\213\242NotSquareSuperset\342\212\220\314\270"
  "NotSquareSupersetEqual\342\213\243NotSubset\342\212\202\342\203\222"
  "NotSubsetEqual\342\212\210NotSucceeds\342\212\201"
  "NotSucceedsEqual\342\252\260\314\270NotSucceedsSlantEqual\342\213\241"
  "NotSucceedsTilde\342\211\277\314\270"
  "NotSuperset\342\212\203\342\203\222NotSupersetEqual\342\212\211"
  "NotTilde\342\211\201NotTildeEqual\342\211\204"
  "NotTildeFullEqual\342\211\207NotTildeTilde\342\211\211"
  "NotVerticalBar\342\210\244Nscr\360\235\222\251Ntilde\303\221Nu\316\235"
  "OElig\305\222Oacute\303\223Ocirc\303\224Ocy\320\236Odblac\305\220"
  "Ofr\360\235\224\222Ograve\303\222Omacr\305\214Omega\316\251"
  "Omicron\316\237Oopf\360\235\225\206OpenCurlyDoubleQuote\342\200\234"
  "OpenCurlyQuote\342\200\230Or\342\251\224Oscr\360\235\222\252"
  "Oslash\303\230Otilde\303\225Otimes\342\250\267Ouml\303\226"
  "OverBar\342\200\276OverBrace\342\217\236OverBracket\342\216\264"
  "OverParenthesis\342\217\234PartialD\342\210\202Pcy\320\237"
  "Pfr\360\235\224\223Phi\316\246Pi\316\240PlusMinus\302\261"
  "Poincareplane\342\204\214Popf\342\204\231Pr\342\252\273"
  "Precedes\342\211\272PrecedesEqual\342\252\257"
  "PrecedesSlantEqual\342\211\274PrecedesTilde\342\211\276"
  "Prime\342\200\263Product\342\210\217Proportion\342\210\267"
  "Proportional\342\210\235Pscr\360\235\222\253Psi\316\250QUOT\""
  "Qfr\360\235\224\224Qopf\342\204\232Qscr\360\235\222\254"
  "RBarr\342\244\220REG\302\256Racute\305\224Rang\342\237\253"
  "Rarr\342\206\240Rarrtl\342\244\226Rcaron\305\230Rcedil\305\226"
  "Rcy\320\240Re\342\204\234ReverseElement\342\210\213"
  "ReverseEquilibrium\342\207\213ReverseUpEquilibrium\342\245\257"
  "Rfr\342\204\234Rho\316\241RightAngleBracket\342\237\251"
  "RightArrow\342\206\222RightArrowBar\342\207\245"
  "RightArrowLeftArrow\342\207\204RightCeiling\342\214\211"
  "RightDoubleBracket\342\237\247RightDownTeeVector\342\245\235"
  "RightDownVector\342\207\202RightDownVectorBar\342\245\225"
  "RightFloor\342\214\213RightTee\342\212\242RightTeeArrow\342\206\246"
  "RightTeeVector\342\245\233RightTriangle\342\212\263"
  "RightTriangleBar\342\247\220RightTriangleEqual\342\212\265"
  "RightUpDownVector\342\245\217RightUpTeeVector\342\245\234"
  "RightUpVector\342\206\276RightUpVectorBar\342\245\224"
  "RightVector\342\207\200RightVectorBar\342\245\223"
  "Rightarrow\342\207\222Ropf\342\204\235RoundImplies\342\245\260"
  "Rrightarrow\342\207\233Rscr\342\204\233Rsh\342\206\261"
  "RuleDelayed\342\247\264SHCHcy\320\251SHcy\320\250SOFTcy\320\254"
  "Sacute\305\232Sc\342\252\274Scaron\305\240Scedil\305\236Scirc\305\234"
  "Scy\320\241Sfr\360\235\224\226ShortDownArrow\342\206\223"
  "ShortLeftArrow\342\206\220ShortRightArrow\342\206\222"
  "ShortUpArrow\342\206\221Sigma\316\243SmallCircle\342\210\230"
  "Sopf\360\235\225\212Sqrt\342\210\232Square\342\226\241"
  "SquareIntersection\342\212\223SquareSubset\342\212\217"
  "SquareSubsetEqual\342\212\221SquareSuperset\342\212\220"
  "SquareSupersetEqual\342\212\222SquareUnion\342\212\224"
  "Sscr\360\235\222\256Star\342\213\206Sub\342\213\220Subset\342\213\220"
  "SubsetEqual\342\212\206Succeeds\342\211\273SucceedsEqual\342\252\260"
  "SucceedsSlantEqual\342\211\275SucceedsTilde\342\211\277"
  "SuchThat\342\210\213Sum\342\210\221Sup\342\213\221Superset\342\212\203"
  "SupersetEqual\342\212\207Supset\342\213\221THORN\303\236"
  "TRADE\342\204\242TSHcy\320\213TScy\320\246Tab\011Tau\316\244"
  "Tcaron\305\244Tcedil\305\242Tcy\320\242Tfr\360\235\224\227"
  "Therefore\342\210\264Theta\316\230ThickSpace\342\201\237\342\200\212"
  "ThinSpace\342\200\211Tilde\342\210\274TildeEqual\342\211\203"
  "TildeFullEqual\342\211\205TildeTilde\342\211\210Topf\360\235\225\213"
  "TripleDot\342\203\233Tscr\360\235\222\257Tstrok\305\246Uacute\303\232"
  "Uarr\342\206\237Uarrocir\342\245\211Ubrcy\320\216Ubreve\305\254"
  "Ucirc\303\233Ucy\320\243Udblac\305\260Ufr\360\235\224\230"
  "Ugrave\303\231Umacr\305\252UnderBar_UnderBrace\342\217\237"
  "UnderBracket\342\216\265UnderParenthesis\342\217\235Union\342\213\203"
  "UnionPlus\342\212\216Uogon\305\262Uopf\360\235\225\214"
  "UpArrow\342\206\221UpArrowBar\342\244\222UpArrowDownArrow\342\207\205"
  "UpDownArrow\342\206\225UpEquilibrium\342\245\256UpTee\342\212\245"
  "UpTeeArrow\342\206\245Uparrow\342\207\221Updownarrow\342\207\225"
  "UpperLeftArrow\342\206\226UpperRightArrow\342\206\227Upsi\317\222"
  "Upsilon\316\245Uring\305\256Uscr\360\235\222\260Utilde\305\250"
  "Uuml\303\234VDash\342\212\253Vbar\342\253\253Vcy\320\222"
  "Vdash\342\212\251Vdashl\342\253\246Vee\342\213\201Verbar\342\200\226"
  "Vert\342\200\226VerticalBar\342\210\243VerticalLine|"
  "VerticalSeparator\342\235\230VerticalTilde\342\211\200"
  "VeryThinSpace\342\200\212Vfr\360\235\224\231Vopf\360\235\225\215"
  "Vscr\360\235\222\261Vvdash\342\212\252Wcirc\305\264Wedge\342\213\200"
  "Wfr\360\235\224\232Wopf\360\235\225\216Wscr\360\235\222\262"
  "Xfr\360\235\224\233Xi\316\236Xopf\360\235\225\217Xscr\360\235\222\263"
  "YAcy\320\257YIcy\320\207YUcy\320\256Yacute\303\235Ycirc\305\266"
  "Ycy\320\253Yfr\360\235\224\234Yopf\360\235\225\220Yscr\360\235\222\264"
  "Yuml\305\270ZHcy\320\226Zacute\305\271Zcaron\305\275Zcy\320\227"
  "Zdot\305\273ZeroWidthSpace\342\200\213Zeta\316\226Zfr\342\204\250"
  "Zopf\342\204\244Zscr\360\235\222\265aacute\303\241abreve\304\203"
  "ac\342\210\276acE\342\210\276\314\263acd\342\210\277acirc\303\242"
  "acute\302\264acy\320\260aelig\303\246af\342\201\241afr\360\235\224\236"
  "agrave\303\240alefsym\342\204\265aleph\342\204\265alpha\316\261"
  "amacr\304\201amalg\342\250\277amp&and\342\210\247andand\342\251\225"
  "andd\342\251\234andslope\342\251\230andv\342\251\232ang\342\210\240"
  "ange\342\246\244angle\342\210\240angmsd\342\210\241"
  "angmsdaa\342\246\250angmsdab\342\246\251angmsdac\342\246\252"
  "angmsdad\342\246\253angmsdae\342\246\254angmsdaf\342\246\255"
  "angmsdag\342\246\256angmsdah\342\246\257angrt\342\210\237"
  "angrtvb\342\212\276angrtvbd\342\246\235angsph\342\210\242angst\303\205"
  "angzarr\342\215\274aogon\304\205aopf\360\235\225\222ap\342\211\210"
  "apE\342\251\260apacir\342\251\257ape\342\211\212apid\342\211\213apos'"
  "approx\342\211\210approxeq\342\211\212aring\303\245"
  "ascr\360\235\222\266ast*asymp\342\211\210asympeq\342\211\215"
  "atilde\303\243auml\303\244awconint\342\210\263awint\342\250\221"
  "bNot\342\253\255backcong\342\211\214backepsilon\317\266"
  "backprime\342\200\265backsim\342\210\275backsimeq\342\213\215"
  "barvee\342\212\275barwed\342\214\205barwedge\342\214\205"
  "bbrk\342\216\265bbrktbrk\342\216\266bcong\342\211\214bcy\320\261"
  "bdquo\342\200\236becaus\342\210\265because\342\210\265"
  "bemptyv\342\246\260bepsi\317\266bernou\342\204\254beta\316\262"
  "beth\342\204\266between\342\211\254bfr\360\235\224\237"
  "bigcap\342\213\202bigcirc\342\227\257bigcup\342\213\203"
  "bigodot\342\250\200bigoplus\342\250\201bigotimes\342\250\202"
  "bigsqcup\342\250\206bigstar\342\230\205bigtriangledown\342\226\275"
  "bigtriangleup\342\226\263biguplus\342\250\204bigvee\342\213\201"
  "bigwedge\342\213\200bkarow\342\244\215blacklozenge\342\247\253"
  "blacksquare\342\226\252blacktriangle\342\226\264"
  "blacktriangledown\342\226\276blacktriangleleft\342\227\202"
  "blacktriangleright\342\226\270blank\342\220\243blk12\342\226\222"
  "blk14\342\226\221blk34\342\226\223block\342\226\210bne=\342\203\245"
  "bnequiv\342\211\241\342\203\245bnot\342\214\220bopf\360\235\225\223"
  "bot\342\212\245bottom\342\212\245bowtie\342\213\210boxDL\342\225\227"
  "boxDR\342\225\224boxDl\342\225\226boxDr\342\225\223boxH\342\225\220"
  "boxHD\342\225\246boxHU\342\225\251boxHd\342\225\244boxHu\342\225\247",
  "boxUL\342\225\235boxUR\342\225\232boxUl\342\225\234boxUr\342\225\231"
  "boxV\342\225\221boxVH\342\225\254boxVL\342\225\243boxVR\342\225\240"
  "boxVh\342\225\253boxVl\342\225\242boxVr\342\225\237boxbox\342\247\211"
  "boxdL\342\225\225boxdR\342\225\222boxdl\342\224\220boxdr\342\224\214"
  "boxh\342\224\200boxhD\342\225\245boxhU\342\225\250boxhd\342\224\254"
  "boxhu\342\224\264boxminus\342\212\237boxplus\342\212\236"
  "boxtimes\342\212\240boxuL\342\225\233boxuR\342\225\230"
  "boxul\342\224\230boxur\342\224\224boxv\342\224\202boxvH\342\225\252"
  "boxvL\342\225\241boxvR\342\225\236boxvh\342\224\274boxvl\342\224\244"
  "boxvr\342\224\234bprime\342\200\265breve\313\230brvbar\302\246"
  "bscr\360\235\222\267bsemi\342\201\217bsim\342\210\275bsime\342\213\215"
  "bsol\\bsolb\342\247\205bsolhsub\342\237\210bull\342\200\242"
  "bullet\342\200\242bump\342\211\216bumpE\342\252\256bumpe\342\211\217"
  "bumpeq\342\211\217cacute\304\207cap\342\210\251capand\342\251\204"
  "capbrcup\342\251\211capcap\342\251\213capcup\342\251\207"
  "capdot\342\251\200caps\342\210\251\357\270\200caret\342\201\201"
  "caron\313\207ccaps\342\251\215ccaron\304\215ccedil\303\247"
  "ccirc\304\211ccups\342\251\214ccupssm\342\251\220cdot\304\213"
  "cedil\302\270cemptyv\342\246\262cent\302\242centerdot\302\267"
  "cfr\360\235\224\240chcy\321\207check\342\234\223checkmark\342\234\223"
  "chi\317\207cir\342\227\213cirE\342\247\203circ\313\206"
  "circeq\342\211\227circlearrowleft\342\206\272"
  "circlearrowright\342\206\273circledR\302\256circledS\342\223\210"
  "circledast\342\212\233circledcirc\342\212\232circleddash\342\212\235"
  "cire\342\211\227cirfnint\342\250\220cirmid\342\253\257"
  "cirscir\342\247\202clubs\342\231\243clubsuit\342\231\243colon:"
  "colone\342\211\224coloneq\342\211\224comma,commat@comp\342\210\201"
  "compfn\342\210\230complement\342\210\201complexes\342\204\202"
  "cong\342\211\205congdot\342\251\255conint\342\210\256"
  "copf\360\235\225\224coprod\342\210\220copy\302\251copysr\342\204\227"
  "crarr\342\206\265cross\342\234\227cscr\360\235\222\270csub\342\253\217"
  "csube\342\253\221csup\342\253\220csupe\342\253\222ctdot\342\213\257"
  "cudarrl\342\244\270cudarrr\342\244\265cuepr\342\213\236"
  "cuesc\342\213\237cularr\342\206\266cularrp\342\244\275cup\342\210\252"
  "cupbrcap\342\251\210cupcap\342\251\206cupcup\342\251\212"
  "cupdot\342\212\215cupor\342\251\205cups\342\210\252\357\270\200"
  "curarr\342\206\267curarrm\342\244\274curlyeqprec\342\213\236"
  "curlyeqsucc\342\213\237curlyvee\342\213\216curlywedge\342\213\217"
  "curren\302\244curvearrowleft\342\206\266curvearrowright\342\206\267"
  "cuvee\342\213\216cuwed\342\213\217cwconint\342\210\262"
  "cwint\342\210\261cylcty\342\214\255dArr\342\207\223dHar\342\245\245"
  "dagger\342\200\240daleth\342\204\270darr\342\206\223dash\342\200\220"
  "dashv\342\212\243dbkarow\342\244\217dblac\313\235dcaron\304\217"
  "dcy\320\264dd\342\205\206ddagger\342\200\241ddarr\342\207\212"
  "ddotseq\342\251\267deg\302\260delta\316\264demptyv\342\246\261"
  "dfisht\342\245\277dfr\360\235\224\241dharl\342\207\203"
  "dharr\342\207\202diam\342\213\204diamond\342\213\204"
  "diamondsuit\342\231\246diams\342\231\246die\302\250digamma\317\235"
  "disin\342\213\262div\303\267divide\303\267divideontimes\342\213\207"
  "divonx\342\213\207djcy\321\222dlcorn\342\214\236dlcrop\342\214\215"
  "dollar$dopf\360\235\225\225dot\313\231doteq\342\211\220"
  "doteqdot\342\211\221dotminus\342\210\270dotplus\342\210\224"
  "dotsquare\342\212\241doublebarwedge\342\214\206downarrow\342\206\223"
  "downdownarrows\342\207\212downharpoonleft\342\207\203"
  "downharpoonright\342\207\202drbkarow\342\244\220drcorn\342\214\237"
  "drcrop\342\214\214dscr\360\235\222\271dscy\321\225dsol\342\247\266"
  "dstrok\304\221dtdot\342\213\261dtri\342\226\277dtrif\342\226\276"
  "duarr\342\207\265duhar\342\245\257dwangle\342\246\246dzcy\321\237"
  "dzigrarr\342\237\277eDDot\342\251\267eDot\342\211\221eacute\303\251"
  "easter\342\251\256ecaron\304\233ecir\342\211\226ecirc\303\252"
  "ecolon\342\211\225ecy\321\215edot\304\227ee\342\205\207"
  "efDot\342\211\222efr\360\235\224\242eg\342\252\232egrave\303\250"
  "egs\342\252\226egsdot\342\252\230el\342\252\231elinters\342\217\247"
  "ell\342\204\223els\342\252\225elsdot\342\252\227emacr\304\223"
  "empty\342\210\205emptyset\342\210\205emptyv\342\210\205"
  "emsp\342\200\203emsp13\342\200\204emsp14\342\200\205eng\305\213"
  "ensp\342\200\202eogon\304\231eopf\360\235\225\226epar\342\213\225"
  "eparsl\342\247\243eplus\342\251\261epsi\316\265epsilon\316\265"
  "epsiv\317\265eqcirc\342\211\226eqcolon\342\211\225eqsim\342\211\202"
  "eqslantgtr\342\252\226eqslantless\342\252\225equals=equest\342\211\237"
  "equiv\342\211\241equivDD\342\251\270eqvparsl\342\247\245"
  "erDot\342\211\223erarr\342\245\261escr\342\204\257esdot\342\211\220"
  "esim\342\211\202eta\316\267eth\303\260euml\303\253euro\342\202\254"
  "excl!exist\342\210\203expectation\342\204\260exponentiale\342\205\207"
  "fallingdotseq\342\211\222fcy\321\204female\342\231\200"
  "ffilig\357\254\203fflig\357\254\200ffllig\357\254\204"
  "ffr\360\235\224\243filig\357\254\201fjligfjflat\342\231\255"
  "fllig\357\254\202fltns\342\226\261fnof\306\222fopf\360\235\225\227"
  "forall\342\210\200fork\342\213\224forkv\342\253\231"
  "fpartint\342\250\215frac12\302\275frac13\342\205\223frac14\302\274"
  "frac15\342\205\225frac16\342\205\231frac18\342\205\233"
  "frac23\342\205\224frac25\342\205\226frac34\302\276frac35\342\205\227"
  "frac38\342\205\234frac45\342\205\230frac56\342\205\232"
  "frac58\342\205\235frac78\342\205\236frasl\342\201\204frown\342\214\242"
  "fscr\360\235\222\273gE\342\211\247gEl\342\252\214gacute\307\265"
  "gamma\316\263gammad\317\235gap\342\252\206gbreve\304\237gcirc\304\235"
  "gcy\320\263gdot\304\241ge\342\211\245gel\342\213\233geq\342\211\245"
  "geqq\342\211\247geqslant\342\251\276ges\342\251\276gescc\342\252\251"
  "gesdot\342\252\200gesdoto\342\252\202gesdotol\342\252\204"
  "gesl\342\213\233\357\270\200gesles\342\252\224gfr\360\235\224\244"
  "gg\342\211\253ggg\342\213\231gimel\342\204\267gjcy\321\223"
  "gl\342\211\267glE\342\252\222gla\342\252\245glj\342\252\244"
  "gnE\342\211\251gnap\342\252\212gnapprox\342\252\212gne\342\252\210"
  "gneq\342\252\210gneqq\342\211\251gnsim\342\213\247gopf\360\235\225\230"
  "grave`gscr\342\204\212gsim\342\211\263gsime\342\252\216"
  "gsiml\342\252\220gt>gtcc\342\252\247gtcir\342\251\272gtdot\342\213\227"
  "gtlPar\342\246\225gtquest\342\251\274gtrapprox\342\252\206"
  "gtrarr\342\245\270gtrdot\342\213\227gtreqless\342\213\233"
  "gtreqqless\342\252\214gtrless\342\211\267gtrsim\342\211\263"
  "gvertneqq\342\211\251\357\270\200gvnE\342\211\251\357\270\200"
  "hArr\342\207\224hairsp\342\200\212half\302\275hamilt\342\204\213"
  "hardcy\321\212harr\342\206\224harrcir\342\245\210harrw\342\206\255"
  "hbar\342\204\217hcirc\304\245hearts\342\231\245heartsuit\342\231\245"
  "hellip\342\200\246hercon\342\212\271hfr\360\235\224\245"
  "hksearow\342\244\245hkswarow\342\244\246hoarr\342\207\277"
  "homtht\342\210\273hookleftarrow\342\206\251hookrightarrow\342\206\252"
  "hopf\360\235\225\231horbar\342\200\225hscr\360\235\222\275"
  "hslash\342\204\217hstrok\304\247hybull\342\201\203hyphen\342\200\220"
  "iacute\303\255ic\342\201\243icirc\303\256icy\320\270iecy\320\265"
  "iexcl\302\241iff\342\207\224ifr\360\235\224\246igrave\303\254"
  "ii\342\205\210iiiint\342\250\214iiint\342\210\255iinfin\342\247\234"
  "iiota\342\204\251ijlig\304\263imacr\304\253image\342\204\221"
  "imagline\342\204\220imagpart\342\204\221imath\304\261imof\342\212\267"
  "imped\306\265in\342\210\210incare\342\204\205infin\342\210\236"
  "infintie\342\247\235inodot\304\261int\342\210\253intcal\342\212\272"
  "integers\342\204\244intercal\342\212\272intlarhk\342\250\227"
  "intprod\342\250\274iocy\321\221iogon\304\257iopf\360\235\225\232"
  "iota\316\271iprod\342\250\274iquest\302\277iscr\360\235\222\276"
  "isin\342\210\210isinE\342\213\271isindot\342\213\265isins\342\213\264"
  "isinsv\342\213\263isinv\342\210\210it\342\201\242itilde\304\251"
  "iukcy\321\226iuml\303\257jcirc\304\265jcy\320\271jfr\360\235\224\247"
  "jmath\310\267jopf\360\235\225\233jscr\360\235\222\277jsercy\321\230"
  "jukcy\321\224kappa\316\272kappav\317\260kcedil\304\267kcy\320\272"
  "kfr\360\235\224\250kgreen\304\270khcy\321\205kjcy\321\234"
  "kopf\360\235\225\234kscr\360\235\223\200lAarr\342\207\232"
  "lArr\342\207\220lAtail\342\244\233lBarr\342\244\216lE\342\211\246"
  "lEg\342\252\213lHar\342\245\242lacute\304\272laemptyv\342\246\264"
  "lagran\342\204\222lambda\316\273lang\342\237\250langd\342\246\221"
  "langle\342\237\250",
  "lap\342\252\205laquo\302\253larr\342\206\220larrb\342\207\244"
  "larrbfs\342\244\237larrfs\342\244\235larrhk\342\206\251"
  "larrlp\342\206\253larrpl\342\244\271larrsim\342\245\263"
  "larrtl\342\206\242lat\342\252\253latail\342\244\231late\342\252\255"
  "lates\342\252\255\357\270\200lbarr\342\244\214lbbrk\342\235\262lbrace{"
  "lbrack[lbrke\342\246\213lbrksld\342\246\217lbrkslu\342\246\215"
  "lcaron\304\276lcedil\304\274lceil\342\214\210lcub{lcy\320\273"
  "ldca\342\244\266ldquo\342\200\234ldquor\342\200\236ldrdhar\342\245\247"
  "ldrushar\342\245\213ldsh\342\206\262le\342\211\244"
  "leftarrow\342\206\220leftarrowtail\342\206\242"
  "leftharpoondown\342\206\275leftharpoonup\342\206\274"
  "leftleftarrows\342\207\207leftrightarrow\342\206\224"
  "leftrightarrows\342\207\206leftrightharpoons\342\207\213"
  "leftrightsquigarrow\342\206\255leftthreetimes\342\213\213"
  "leg\342\213\232leq\342\211\244leqq\342\211\246leqslant\342\251\275"
  "les\342\251\275lescc\342\252\250lesdot\342\251\277lesdoto\342\252\201"
  "lesdotor\342\252\203lesg\342\213\232\357\270\200lesges\342\252\223"
  "lessapprox\342\252\205lessdot\342\213\226lesseqgtr\342\213\232"
  "lesseqqgtr\342\252\213lessgtr\342\211\266lesssim\342\211\262"
  "lfisht\342\245\274lfloor\342\214\212lfr\360\235\224\251lg\342\211\266"
  "lgE\342\252\221lhard\342\206\275lharu\342\206\274lharul\342\245\252"
  "lhblk\342\226\204ljcy\321\231ll\342\211\252llarr\342\207\207"
  "llcorner\342\214\236llhard\342\245\253lltri\342\227\272lmidot\305\200"
  "lmoust\342\216\260lmoustache\342\216\260lnE\342\211\250"
  "lnap\342\252\211lnapprox\342\252\211lne\342\252\207lneq\342\252\207"
  "lneqq\342\211\250lnsim\342\213\246loang\342\237\254loarr\342\207\275"
  "lobrk\342\237\246longleftarrow\342\237\265"
  "longleftrightarrow\342\237\267longmapsto\342\237\274"
  "longrightarrow\342\237\266looparrowleft\342\206\253"
  "looparrowright\342\206\254lopar\342\246\205lopf\360\235\225\235"
  "loplus\342\250\255lotimes\342\250\264lowast\342\210\227lowbar_"
  "loz\342\227\212lozenge\342\227\212lozf\342\247\253lpar("
  "lparlt\342\246\223lrarr\342\207\206lrcorner\342\214\237"
  "lrhar\342\207\213lrhard\342\245\255lrm\342\200\216lrtri\342\212\277"
  "lsaquo\342\200\271lscr\360\235\223\201lsh\342\206\260lsim\342\211\262"
  "lsime\342\252\215lsimg\342\252\217lsqb[lsquo\342\200\230"
  "lsquor\342\200\232lstrok\305\202lt<ltcc\342\252\246ltcir\342\251\271"
  "ltdot\342\213\226lthree\342\213\213ltimes\342\213\211"
  "ltlarr\342\245\266ltquest\342\251\273ltrPar\342\246\226"
  "ltri\342\227\203ltrie\342\212\264ltrif\342\227\202lurdshar\342\245\212"
  "luruhar\342\245\246lvertneqq\342\211\250\357\270\200"
  "lvnE\342\211\250\357\270\200mDDot\342\210\272macr\302\257"
  "male\342\231\202malt\342\234\240maltese\342\234\240map\342\206\246"
  "mapsto\342\206\246mapstodown\342\206\247mapstoleft\342\206\244"
  "mapstoup\342\206\245marker\342\226\256mcomma\342\250\251mcy\320\274"
  "mdash\342\200\224measuredangle\342\210\241mfr\360\235\224\252"
  "mho\342\204\247micro\302\265mid\342\210\243midast*midcir\342\253\260"
  "middot\302\267minus\342\210\222minusb\342\212\237minusd\342\210\270"
  "minusdu\342\250\252mlcp\342\253\233mldr\342\200\246mnplus\342\210\223"
  "models\342\212\247mopf\360\235\225\236mp\342\210\223"
  "mscr\360\235\223\202mstpos\342\210\276mu\316\274multimap\342\212\270"
  "mumap\342\212\270nGg\342\213\231\314\270nGt\342\211\253\342\203\222"
  "nGtv\342\211\253\314\270nLeftarrow\342\207\215"
  "nLeftrightarrow\342\207\216nLl\342\213\230\314\270"
  "nLt\342\211\252\342\203\222nLtv\342\211\252\314\270"
  "nRightarrow\342\207\217nVDash\342\212\257nVdash\342\212\256"
  "nabla\342\210\207nacute\305\204nang\342\210\240\342\203\222"
  "nap\342\211\211napE\342\251\260\314\270napid\342\211\213\314\270"
  "napos\305\211napprox\342\211\211natur\342\231\256natural\342\231\256"
  "naturals\342\204\225nbsp\302\240nbump\342\211\216\314\270"
  "nbumpe\342\211\217\314\270ncap\342\251\203ncaron\305\210ncedil\305\206"
  "ncong\342\211\207ncongdot\342\251\255\314\270ncup\342\251\202"
  "ncy\320\275ndash\342\200\223ne\342\211\240neArr\342\207\227"
  "nearhk\342\244\244nearr\342\206\227nearrow\342\206\227"
  "nedot\342\211\220\314\270nequiv\342\211\242nesear\342\244\250"
  "nesim\342\211\202\314\270nexist\342\210\204nexists\342\210\204"
  "nfr\360\235\224\253ngE\342\211\247\314\270nge\342\211\261"
  "ngeq\342\211\261ngeqq\342\211\247\314\270ngeqslant\342\251\276\314\270"
  "nges\342\251\276\314\270ngsim\342\211\265ngt\342\211\257"
  "ngtr\342\211\257nhArr\342\207\216nharr\342\206\256nhpar\342\253\262"
  "ni\342\210\213nis\342\213\274nisd\342\213\272niv\342\210\213"
  "njcy\321\232nlArr\342\207\215nlE\342\211\246\314\270nlarr\342\206\232"
  "nldr\342\200\245nle\342\211\260nleftarrow\342\206\232"
  "nleftrightarrow\342\206\256nleq\342\211\260nleqq\342\211\246\314\270"
  "nleqslant\342\251\275\314\270nles\342\251\275\314\270nless\342\211\256"
  "nlsim\342\211\264nlt\342\211\256nltri\342\213\252nltrie\342\213\254"
  "nmid\342\210\244nopf\360\235\225\237not\302\254notin\342\210\211"
  "notinE\342\213\271\314\270notindot\342\213\265\314\270"
  "notinva\342\210\211notinvb\342\213\267notinvc\342\213\266"
  "notni\342\210\214notniva\342\210\214notnivb\342\213\276"
  "notnivc\342\213\275npar\342\210\246nparallel\342\210\246"
  "nparsl\342\253\275\342\203\245npart\342\210\202\314\270"
  "npolint\342\250\224npr\342\212\200nprcue\342\213\240"
  "npre\342\252\257\314\270nprec\342\212\200npreceq\342\252\257\314\270"
  "nrArr\342\207\217nrarr\342\206\233nrarrc\342\244\263\314\270"
  "nrarrw\342\206\235\314\270nrightarrow\342\206\233nrtri\342\213\253"
  "nrtrie\342\213\255nsc\342\212\201nsccue\342\213\241"
  "nsce\342\252\260\314\270nscr\360\235\223\203nshortmid\342\210\244"
  "nshortparallel\342\210\246nsim\342\211\201nsime\342\211\204"
  "nsimeq\342\211\204nsmid\342\210\244nspar\342\210\246"
  "nsqsube\342\213\242nsqsupe\342\213\243nsub\342\212\204"
  "nsubE\342\253\205\314\270nsube\342\212\210"
  "nsubset\342\212\202\342\203\222nsubseteq\342\212\210"
  "nsubseteqq\342\253\205\314\270nsucc\342\212\201"
  "nsucceq\342\252\260\314\270nsup\342\212\205nsupE\342\253\206\314\270"
  "nsupe\342\212\211nsupset\342\212\203\342\203\222nsupseteq\342\212\211"
  "nsupseteqq\342\253\206\314\270ntgl\342\211\271ntilde\303\261"
  "ntlg\342\211\270ntriangleleft\342\213\252ntrianglelefteq\342\213\254"
  "ntriangleright\342\213\253ntrianglerighteq\342\213\255nu\316\275num#"
  "numero\342\204\226numsp\342\200\207nvDash\342\212\255"
  "nvHarr\342\244\204nvap\342\211\215\342\203\222nvdash\342\212\254"
  "nvge\342\211\245\342\203\222nvgt>\342\203\222nvinfin\342\247\236"
  "nvlArr\342\244\202nvle\342\211\244\342\203\222nvlt<\342\203\222"
  "nvltrie\342\212\264\342\203\222nvrArr\342\244\203"
  "nvrtrie\342\212\265\342\203\222nvsim\342\210\274\342\203\222"
  "nwArr\342\207\226nwarhk\342\244\243nwarr\342\206\226"
  "nwarrow\342\206\226nwnear\342\244\247oS\342\223\210oacute\303\263"
  "oast\342\212\233ocir\342\212\232ocirc\303\264ocy\320\276"
  "odash\342\212\235odblac\305\221odiv\342\250\270odot\342\212\231"
  "odsold\342\246\274oelig\305\223ofcir\342\246\277ofr\360\235\224\254"
  "ogon\313\233ograve\303\262ogt\342\247\201ohbar\342\246\265ohm\316\251"
  "oint\342\210\256olarr\342\206\272olcir\342\246\276olcross\342\246\273"
  "oline\342\200\276olt\342\247\200omacr\305\215omega\317\211"
  "omicron\316\277omid\342\246\266ominus\342\212\226oopf\360\235\225\240"
  "opar\342\246\267operp\342\246\271oplus\342\212\225or\342\210\250"
  "orarr\342\206\273ord\342\251\235order\342\204\264orderof\342\204\264"
  "ordf\302\252ordm\302\272origof\342\212\266oror\342\251\226"
  "orslope\342\251\227orv\342\251\233oscr\342\204\264oslash\303\270"
  "osol\342\212\230otilde\303\265otimes\342\212\227otimesas\342\250\266"
  "ouml\303\266ovbar\342\214\275par\342\210\245para\302\266"
  "parallel\342\210\245parsim\342\253\263parsl\342\253\275"
  "part\342\210\202pcy\320\277percnt%period.permil\342\200\260"
  "perp\342\212\245pertenk\342\200\261pfr\360\235\224\255phi\317\206"
  "phiv\317\225phmmat\342\204\263phone\342\230\216pi\317\200"
  "pitchfork\342\213\224piv\317\226planck\342\204\217planckh\342\204\216"
  "plankv\342\204\217plus+plusacir\342\250\243plusb\342\212\236"
  "pluscir\342\250\242plusdo\342\210\224plusdu\342\250\245"
  "pluse\342\251\262plusmn\302\261plussim\342\250\246plustwo\342\250\247"
  "pm\302\261pointint\342\250\225popf\360\235\225\241pound\302\243"
  "pr\342\211\272prE\342\252\263prap\342\252\267prcue\342\211\274"
  "pre\342\252\257prec\342\211\272precapprox\342\252\267"
  "preccurlyeq\342\211\274preceq\342\252\257precnapprox\342\252\271"
  "precneqq\342\252\265precnsim\342\213\250precsim\342\211\276"
  "prime\342\200\262primes\342\204\231prnE\342\252\265prnap\342\252\271"
  "prnsim\342\213\250prod\342\210\217",
  "profalar\342\214\256profline\342\214\222profsurf\342\214\223"
  "prop\342\210\235propto\342\210\235prsim\342\211\276prurel\342\212\260"
  "pscr\360\235\223\205psi\317\210puncsp\342\200\210qfr\360\235\224\256"
  "qint\342\250\214qopf\360\235\225\242qprime\342\201\227"
  "qscr\360\235\223\206quaternions\342\204\215quatint\342\250\226quest\?"
  "questeq\342\211\237quot\"rAarr\342\207\233rArr\342\207\222"
  "rAtail\342\244\234rBarr\342\244\217rHar\342\245\244"
  "race\342\210\275\314\261racute\305\225radic\342\210\232"
  "raemptyv\342\246\263rang\342\237\251rangd\342\246\222range\342\246\245"
  "rangle\342\237\251raquo\302\273rarr\342\206\222rarrap\342\245\265"
  "rarrb\342\207\245rarrbfs\342\244\240rarrc\342\244\263"
  "rarrfs\342\244\236rarrhk\342\206\252rarrlp\342\206\254"
  "rarrpl\342\245\205rarrsim\342\245\264rarrtl\342\206\243"
  "rarrw\342\206\235ratail\342\244\232ratio\342\210\266"
  "rationals\342\204\232rbarr\342\244\215rbbrk\342\235\263rbrace}rbrack]"
  "rbrke\342\246\214rbrksld\342\246\216rbrkslu\342\246\220rcaron\305\231"
  "rcedil\305\227rceil\342\214\211rcub}rcy\321\200rdca\342\244\267"
  "rdldhar\342\245\251rdquo\342\200\235rdquor\342\200\235rdsh\342\206\263"
  "real\342\204\234realine\342\204\233realpart\342\204\234"
  "reals\342\204\235rect\342\226\255reg\302\256rfisht\342\245\275"
  "rfloor\342\214\213rfr\360\235\224\257rhard\342\207\201"
  "rharu\342\207\200rharul\342\245\254rho\317\201rhov\317\261"
  "rightarrow\342\206\222rightarrowtail\342\206\243"
  "rightharpoondown\342\207\201rightharpoonup\342\207\200"
  "rightleftarrows\342\207\204rightleftharpoons\342\207\214"
  "rightrightarrows\342\207\211rightsquigarrow\342\206\235"
  "rightthreetimes\342\213\214ring\313\232risingdotseq\342\211\223"
  "rlarr\342\207\204rlhar\342\207\214rlm\342\200\217rmoust\342\216\261"
  "rmoustache\342\216\261rnmid\342\253\256roang\342\237\255"
  "roarr\342\207\276robrk\342\237\247ropar\342\246\206"
  "ropf\360\235\225\243roplus\342\250\256rotimes\342\250\265rpar)"
  "rpargt\342\246\224rppolint\342\250\222rrarr\342\207\211"
  "rsaquo\342\200\272rscr\360\235\223\207rsh\342\206\261rsqb]"
  "rsquo\342\200\231rsquor\342\200\231rthree\342\213\214"
  "rtimes\342\213\212rtri\342\226\271rtrie\342\212\265rtrif\342\226\270"
  "rtriltri\342\247\216ruluhar\342\245\250rx\342\204\236sacute\305\233"
  "sbquo\342\200\232sc\342\211\273scE\342\252\264scap\342\252\270"
  "scaron\305\241sccue\342\211\275sce\342\252\260scedil\305\237"
  "scirc\305\235scnE\342\252\266scnap\342\252\272scnsim\342\213\251"
  "scpolint\342\250\223scsim\342\211\277scy\321\201sdot\342\213\205"
  "sdotb\342\212\241sdote\342\251\246seArr\342\207\230searhk\342\244\245"
  "searr\342\206\230searrow\342\206\230sect\302\247semi;"
  "seswar\342\244\251setminus\342\210\226setmn\342\210\226"
  "sext\342\234\266sfr\360\235\224\260sfrown\342\214\242sharp\342\231\257"
  "shchcy\321\211shcy\321\210shortmid\342\210\243"
  "shortparallel\342\210\245shy\302\255sigma\317\203sigmaf\317\202"
  "sigmav\317\202sim\342\210\274simdot\342\251\252sime\342\211\203"
  "simeq\342\211\203simg\342\252\236simgE\342\252\240siml\342\252\235"
  "simlE\342\252\237simne\342\211\206simplus\342\250\244"
  "simrarr\342\245\262slarr\342\206\220smallsetminus\342\210\226"
  "smashp\342\250\263smeparsl\342\247\244smid\342\210\243"
  "smile\342\214\243smt\342\252\252smte\342\252\254"
  "smtes\342\252\254\357\270\200softcy\321\214sol/solb\342\247\204"
  "solbar\342\214\277sopf\360\235\225\244spades\342\231\240"
  "spadesuit\342\231\240spar\342\210\245sqcap\342\212\223"
  "sqcaps\342\212\223\357\270\200sqcup\342\212\224"
  "sqcups\342\212\224\357\270\200sqsub\342\212\217sqsube\342\212\221"
  "sqsubset\342\212\217sqsubseteq\342\212\221sqsup\342\212\220"
  "sqsupe\342\212\222sqsupset\342\212\220sqsupseteq\342\212\222"
  "squ\342\226\241square\342\226\241squarf\342\226\252squf\342\226\252"
  "srarr\342\206\222sscr\360\235\223\210ssetmn\342\210\226"
  "ssmile\342\214\243sstarf\342\213\206star\342\230\206starf\342\230\205"
  "straightepsilon\317\265straightphi\317\225strns\302\257sub\342\212\202"
  "subE\342\253\205subdot\342\252\275sube\342\212\206subedot\342\253\203"
  "submult\342\253\201subnE\342\253\213subne\342\212\212"
  "subplus\342\252\277subrarr\342\245\271subset\342\212\202"
  "subseteq\342\212\206subseteqq\342\253\205subsetneq\342\212\212"
  "subsetneqq\342\253\213subsim\342\253\207subsub\342\253\225"
  "subsup\342\253\223succ\342\211\273succapprox\342\252\270"
  "succcurlyeq\342\211\275succeq\342\252\260succnapprox\342\252\272"
  "succneqq\342\252\266succnsim\342\213\251succsim\342\211\277"
  "sum\342\210\221sung\342\231\252sup\342\212\203sup1\302\271sup2\302\262"
  "sup3\302\263supE\342\253\206supdot\342\252\276supdsub\342\253\230"
  "supe\342\212\207supedot\342\253\204suphsol\342\237\211"
  "suphsub\342\253\227suplarr\342\245\273supmult\342\253\202"
  "supnE\342\253\214supne\342\212\213supplus\342\253\200"
  "supset\342\212\203supseteq\342\212\207supseteqq\342\253\206"
  "supsetneq\342\212\213supsetneqq\342\253\214supsim\342\253\210"
  "supsub\342\253\224supsup\342\253\226swArr\342\207\231"
  "swarhk\342\244\246swarr\342\206\231swarrow\342\206\231"
  "swnwar\342\244\252szlig\303\237target\342\214\226tau\317\204"
  "tbrk\342\216\264tcaron\305\245tcedil\305\243tcy\321\202"
  "tdot\342\203\233telrec\342\214\225tfr\360\235\224\261"
  "there4\342\210\264therefore\342\210\264theta\316\270thetasym\317\221"
  "thetav\317\221thickapprox\342\211\210thicksim\342\210\274"
  "thinsp\342\200\211thkap\342\211\210thksim\342\210\274thorn\303\276"
  "tilde\313\234times\303\227timesb\342\212\240timesbar\342\250\261"
  "timesd\342\250\260tint\342\210\255toea\342\244\250top\342\212\244"
  "topbot\342\214\266topcir\342\253\261topf\360\235\225\245"
  "topfork\342\253\232tosa\342\244\251tprime\342\200\264trade\342\204\242"
  "triangle\342\226\265triangledown\342\226\277triangleleft\342\227\203"
  "trianglelefteq\342\212\264triangleq\342\211\234"
  "triangleright\342\226\271trianglerighteq\342\212\265tridot\342\227\254"
  "trie\342\211\234triminus\342\250\272triplus\342\250\271"
  "trisb\342\247\215tritime\342\250\273trpezium\342\217\242"
  "tscr\360\235\223\211tscy\321\206tshcy\321\233tstrok\305\247"
  "twixt\342\211\254twoheadleftarrow\342\206\236"
  "twoheadrightarrow\342\206\240uArr\342\207\221uHar\342\245\243"
  "uacute\303\272uarr\342\206\221ubrcy\321\236ubreve\305\255ucirc\303\273"
  "ucy\321\203udarr\342\207\205udblac\305\261udhar\342\245\256"
  "ufisht\342\245\276ufr\360\235\224\262ugrave\303\271uharl\342\206\277"
  "uharr\342\206\276uhblk\342\226\200ulcorn\342\214\234"
  "ulcorner\342\214\234ulcrop\342\214\217ultri\342\227\270umacr\305\253"
  "uml\302\250uogon\305\263uopf\360\235\225\246uparrow\342\206\221"
  "updownarrow\342\206\225upharpoonleft\342\206\277"
  "upharpoonright\342\206\276uplus\342\212\216upsi\317\205upsih\317\222"
  "upsilon\317\205upuparrows\342\207\210urcorn\342\214\235"
  "urcorner\342\214\235urcrop\342\214\216uring\305\257urtri\342\227\271"
  "uscr\360\235\223\212utdot\342\213\260utilde\305\251utri\342\226\265"
  "utrif\342\226\264uuarr\342\207\210uuml\303\274uwangle\342\246\247"
  "vArr\342\207\225vBar\342\253\250vBarv\342\253\251vDash\342\212\250"
  "vangrt\342\246\234varepsilon\317\265varkappa\317\260"
  "varnothing\342\210\205varphi\317\225varpi\317\226varpropto\342\210\235"
  "varr\342\206\225varrho\317\261varsigma\317\202"
  "varsubsetneq\342\212\212\357\270\200"
  "varsubsetneqq\342\253\213\357\270\200"
  "varsupsetneq\342\212\213\357\270\200"
  "varsupsetneqq\342\253\214\357\270\200vartheta\317\221"
  "vartriangleleft\342\212\262vartriangleright\342\212\263vcy\320\262"
  "vdash\342\212\242vee\342\210\250veebar\342\212\273veeeq\342\211\232"
  "vellip\342\213\256verbar|vert|vfr\360\235\224\263vltri\342\212\262"
  "vnsub\342\212\202\342\203\222vnsup\342\212\203\342\203\222"
  "vopf\360\235\225\247vprop\342\210\235vrtri\342\212\263"
  "vscr\360\235\223\213vsubnE\342\253\213\357\270\200"
  "vsubne\342\212\212\357\270\200vsupnE\342\253\214\357\270\200"
  "vsupne\342\212\213\357\270\200vzigzag\342\246\232wcirc\305\265"
  "wedbar\342\251\237wedge\342\210\247wedgeq\342\211\231"
  "weierp\342\204\230wfr\360\235\224\264wopf\360\235\225\250"
  "wp\342\204\230wr\342\211\200wreath\342\211\200wscr\360\235\223\214"
  "xcap\342\213\202xcirc\342\227\257xcup\342\213\203xdtri\342\226\275"
  "xfr\360\235\224\265xhArr\342\237\272xharr\342\237\267xi\316\276"
  "xlArr\342\237\270xlarr\342\237\265xmap\342\237\274xnis\342\213\273"
  "xodot\342\250\200xopf\360\235\225\251xoplus\342\250\201",
  "xotime\342\250\202xrArr\342\237\271xrarr\342\237\266"
  "xscr\360\235\223\215xsqcup\342\250\206xuplus\342\250\204"
  "xutri\342\226\263xvee\342\213\201xwedge\342\213\200yacute\303\275"
  "yacy\321\217ycirc\305\267ycy\321\213yen\302\245yfr\360\235\224\266"
  "yicy\321\227yopf\360\235\225\252yscr\360\235\223\216yucy\321\216"
  "yuml\303\277zacute\305\272zcaron\305\276zcy\320\267zdot\305\274"
  "zeetrf\342\204\250zeta\316\266zfr\360\235\224\267zhcy\320\266"
  "zigrarr\342\207\235zopf\360\235\225\253zscr\360\235\223\217"
  "zwj\342\200\215zwnj\342\200\214"
};

typedef struct row {
  unsigned char chunk, legacy;
  unsigned short at;
  unsigned char nname, ntext;
} row;

static const row rows[] = {   /* sorted by name */
  {0, 1, 0, 5, 2}, {0, 1, 7, 3, 1}, {0, 1, 11, 6, 2}, {0, 0, 19, 6, 2},
  {0, 1, 27, 5, 2}, {0, 0, 34, 3, 2}, {0, 0, 39, 3, 4}, {0, 1, 46, 6, 2},
  {0, 0, 54, 5, 2}, {0, 0, 61, 5, 2}, {0, 0, 68, 3, 3}, {0, 0, 74, 5, 2},
  {0, 0, 81, 4, 4}, {0, 0, 89, 13, 3}, {0, 1, 105, 5, 2}, {0, 0, 112, 4, 4},
  {0, 0, 120, 6, 3}, {0, 1, 129, 6, 2}, {0, 1, 137, 4, 2}, {0, 0, 143, 9, 3},
  {0, 0, 155, 4, 3}, {0, 0, 162, 6, 3}, {0, 0, 171, 3, 2}, {0, 0, 176, 7, 3},
  {0, 0, 186, 10, 3}, {0, 0, 199, 4, 2}, {0, 0, 205, 3, 4}, {0, 0, 212, 4, 4},
  {0, 0, 220, 5, 2}, {0, 0, 227, 4, 3}, {0, 0, 234, 6, 3}, {0, 0, 243, 4, 2},
  {0, 1, 249, 4, 2}, {0, 0, 255, 6, 2}, {0, 0, 263, 3, 3}, {0, 0, 269, 20, 3},
  {0, 0, 292, 7, 3}, {0, 0, 302, 6, 2}, {0, 1, 310, 6, 2}, {0, 0, 318, 5, 2},
  {0, 0, 325, 7, 3}, {0, 0, 335, 4, 2}, {0, 0, 341, 7, 2}, {0, 0, 350, 9, 2},
  {0, 0, 361, 3, 3}, {0, 0, 367, 3, 2}, {0, 0, 372, 9, 3}, {0, 0, 384, 11, 3},
  {0, 0, 398, 10, 3}, {0, 0, 411, 11, 3}, {0, 0, 425, 24, 3},
  {0, 0, 452, 21, 3}, {0, 0, 476, 15, 3}, {0, 0, 494, 5, 3}, {0, 0, 502, 6, 3},
  {0, 0, 511, 9, 3}, {0, 0, 523, 6, 3}, {0, 0, 532, 15, 3}, {0, 0, 550, 4, 3},
  {0, 0, 557, 9, 3}, {0, 0, 569, 31, 3}, {0, 0, 603, 5, 3}, {0, 0, 611, 4, 4},
  {0, 0, 619, 3, 3}, {0, 0, 625, 6, 3}, {0, 0, 634, 2, 3}, {0, 0, 639, 8, 3},
  {0, 0, 650, 4, 2}, {0, 0, 656, 4, 2}, {0, 0, 662, 4, 2}, {0, 0, 668, 6, 3},
  {0, 0, 677, 4, 3}, {0, 0, 684, 5, 3}, {0, 0, 692, 6, 2}, {0, 0, 700, 3, 2},
  {0, 0, 705, 3, 3}, {0, 0, 711, 5, 2}, {0, 0, 718, 3, 4}, {0, 0, 725, 16, 2},
  {0, 0, 743, 14, 2}, {0, 0, 759, 22, 2}, {0, 0, 783, 16, 1},
  {0, 0, 800, 16, 2}, {0, 0, 818, 7, 3}, {0, 0, 828, 13, 3}, {0, 0, 844, 4, 4},
  {0, 0, 852, 3, 2}, {0, 0, 857, 6, 3}, {0, 0, 866, 8, 3}, {0, 0, 877, 21, 3},
  {0, 0, 901, 9, 2}, {0, 0, 912, 15, 3}, {0, 0, 930, 15, 3},
  {0, 0, 948, 20, 3}, {0, 0, 971, 13, 3}, {0, 0, 987, 19, 3},
  {0, 0, 1009, 24, 3}, {0, 0, 1036, 20, 3}, {0, 0, 1059, 16, 3},
  {0, 0, 1078, 14, 3}, {0, 0, 1095, 13, 3}, {0, 0, 1111, 17, 3},
  {0, 0, 1131, 17, 3}, {0, 0, 1151, 9, 3}, {0, 0, 1163, 12, 3},
  {0, 0, 1178, 16, 3}, {0, 0, 1197, 9, 2}, {0, 0, 1208, 19, 3},
  {0, 0, 1230, 17, 3}, {0, 0, 1250, 14, 3}, {0, 0, 1267, 17, 3},
  {0, 0, 1287, 18, 3}, {0, 0, 1308, 15, 3}, {0, 0, 1326, 18, 3},
  {0, 0, 1347, 7, 3}, {0, 0, 1357, 12, 3}, {0, 0, 1372, 9, 3},
  {0, 0, 1384, 4, 4}, {0, 0, 1392, 6, 2}, {0, 0, 1400, 3, 2},
  {0, 1, 1405, 3, 2}, {0, 1, 1410, 6, 2}, {0, 0, 1418, 6, 2},
  {0, 1, 1426, 5, 2}, {0, 0, 1433, 3, 2}, {0, 0, 1438, 4, 2},
  {0, 0, 1444, 3, 4}, {0, 1, 1451, 6, 2}, {0, 0, 1459, 7, 3},
  {0, 0, 1469, 5, 2}, {0, 0, 1476, 16, 3}, {0, 0, 1495, 20, 3},
  {0, 0, 1518, 5, 2}, {0, 0, 1525, 4, 4}, {0, 0, 1533, 7, 2},
  {0, 0, 1542, 5, 3}, {0, 0, 1550, 10, 3}, {0, 0, 1563, 11, 3},
  {0, 0, 1577, 4, 3}, {0, 0, 1584, 4, 3}, {0, 0, 1591, 3, 2},
  {0, 1, 1596, 4, 2}, {0, 0, 1602, 6, 3}, {0, 0, 1611, 12, 3},
  {0, 0, 1626, 3, 2}, {0, 0, 1631, 3, 4}, {0, 0, 1638, 17, 3},
  {0, 0, 1658, 21, 3}, {0, 0, 1682, 4, 4}, {0, 0, 1690, 6, 3},
  {0, 0, 1699, 10, 3}, {0, 0, 1712, 4, 3}, {0, 0, 1719, 4, 2},
  {0, 1, 1725, 2, 1}, {0, 0, 1728, 5, 2}, {0, 0, 1735, 6, 2},
  {0, 0, 1743, 6, 2}, {0, 0, 1751, 6, 2}, {0, 0, 1759, 5, 2},
  {0, 0, 1766, 3, 2}, {0, 0, 1771, 4, 2}, {0, 0, 1777, 3, 4},
  {0, 0, 1784, 2, 3}, {0, 0, 1789, 4, 4}, {0, 0, 1797, 12, 3},
  {0, 0, 1812, 16, 3}, {0, 0, 1831, 16, 3}, {0, 0, 1850, 14, 3},
  {0, 0, 1867, 11, 3}, {0, 0, 1881, 17, 3}, {0, 0, 1901, 12, 3},
  {0, 0, 1916, 4, 4}, {0, 0, 1924, 2, 3}, {0, 0, 1929, 6, 2},
  {0, 0, 1937, 5, 2}, {0, 0, 1944, 3, 1}, {0, 0, 1948, 5, 2},
  {0, 0, 1955, 3, 3}, {0, 0, 1961, 12, 3}, {0, 0, 1976, 4, 3},
  {0, 0, 1983, 14, 3}, {0, 0, 2000, 4, 3}, {0, 0, 2007, 6, 2},
  {0, 0, 2015, 12, 3}, {0, 0, 2030, 9, 3}, {0, 0, 2042, 4, 2},
  {0, 0, 2048, 5, 2}, {0, 0, 2055, 4, 2}, {0, 1, 2061, 6, 2},
  {0, 1, 2069, 5, 2}, {0, 0, 2076, 3, 2}, {0, 0, 2081, 4, 2},
  {0, 0, 2087, 3, 3}, {0, 1, 2093, 6, 2}, {0, 0, 2101, 2, 3},
  {0, 0, 2106, 5, 2}, {0, 0, 2113, 10, 3}, {0, 0, 2126, 7, 3},
  {0, 0, 2136, 3, 3}, {0, 0, 2142, 8, 3}, {0, 0, 2153, 12, 3},
  {0, 0, 2168, 14, 3}, {0, 0, 2185, 14, 3}, {0, 0, 2202, 5, 2},
  {0, 0, 2209, 4, 4}, {0, 0, 2217, 4, 2}, {0, 0, 2223, 4, 3},
  {0, 0, 2230, 6, 2}, {0, 0, 2238, 5, 2}, {0, 1, 2245, 4, 2},
  {0, 0, 2251, 5, 2}, {0, 0, 2258, 3, 2}, {0, 0, 2263, 3, 4},
  {0, 0, 2270, 4, 4}, {0, 0, 2278, 4, 4}, {0, 0, 2286, 6, 2},
  {0, 0, 2294, 5, 2}, {0, 0, 2301, 4, 2}, {0, 0, 2307, 4, 2},
  {0, 0, 2313, 5, 2}, {0, 0, 2320, 6, 2}, {0, 0, 2328, 3, 2},
  {0, 0, 2333, 3, 4}, {0, 0, 2340, 4, 4}, {0, 0, 2348, 4, 4},
  {0, 0, 2356, 4, 2}, {0, 1, 2362, 2, 1}, {0, 0, 2365, 6, 2},
  {0, 0, 2373, 6, 2}, {0, 0, 2381, 4, 3}, {0, 0, 2388, 10, 3},
  {0, 0, 2401, 4, 3}, {0, 0, 2408, 6, 2}, {0, 0, 2416, 6, 2},
  {0, 0, 2424, 3, 2}, {0, 0, 2429, 16, 3}, {0, 0, 2448, 9, 3},
  {0, 0, 2460, 12, 3}, {0, 0, 2475, 19, 3}, {0, 0, 2497, 11, 3},
  {0, 0, 2511, 17, 3}, {0, 0, 2531, 17, 3}, {0, 0, 2551, 14, 3},
  {0, 0, 2568, 17, 3}, {0, 0, 2588, 9, 3}, {0, 0, 2600, 14, 3},
  {0, 0, 2617, 15, 3}, {0, 0, 2635, 7, 3}, {0, 0, 2645, 12, 3},
  {0, 0, 2660, 13, 3}, {0, 0, 2676, 12, 3}, {0, 0, 2691, 15, 3},
  {0, 0, 2709, 17, 3}, {0, 0, 2729, 16, 3}, {0, 0, 2748, 15, 3},
  {0, 0, 2766, 12, 3}, {0, 0, 2781, 15, 3}, {0, 0, 2799, 10, 3},
  {0, 0, 2812, 13, 3}, {0, 0, 2828, 9, 3}, {0, 0, 2840, 14, 3},
  {0, 0, 2857, 16, 3}, {0, 0, 2876, 13, 3}, {0, 0, 2892, 11, 3},
  {0, 0, 2906, 8, 3}, {0, 0, 2917, 14, 3}, {0, 0, 2934, 9, 3},
  {0, 0, 2946, 3, 4}, {0, 0, 2953, 2, 3}, {0, 0, 2958, 10, 3},
  {0, 0, 2971, 6, 2}, {0, 0, 2979, 13, 3}, {0, 0, 2995, 18, 3},
  {0, 0, 3016, 14, 3}, {0, 0, 3033, 13, 3}, {0, 0, 3049, 18, 3},
  {0, 0, 3070, 14, 3}, {0, 0, 3087, 4, 4}, {0, 0, 3095, 14, 3},
  {0, 0, 3112, 15, 3}, {0, 0, 3130, 4, 3}, {0, 0, 3137, 3, 3},
  {0, 0, 3143, 6, 2}, {0, 0, 3151, 2, 3}, {0, 0, 3156, 3, 3},
  {0, 0, 3162, 3, 2}, {0, 0, 3167, 11, 3}, {0, 0, 3181, 9, 3},
  {0, 0, 3193, 3, 4}, {0, 0, 3200, 9, 3}, {0, 0, 3212, 4, 4},
  {0, 0, 3220, 4, 3}, {0, 0, 3227, 2, 2}, {0, 0, 3231, 4, 2},
  {0, 0, 3237, 6, 2}, {0, 0, 3245, 6, 2}, {0, 0, 3253, 6, 2},
  {0, 0, 3261, 3, 2}, {0, 0, 3266, 19, 3}, {0, 0, 3288, 18, 3},
  {0, 0, 3309, 17, 3}, {0, 0, 3329, 21, 3}, {0, 0, 3353, 20, 3},
  {0, 0, 3376, 14, 3}, {0, 0, 3393, 7, 1}, {0, 0, 3401, 3, 4},
  {0, 0, 3408, 7, 3}, {0, 0, 3418, 16, 2}, {0, 0, 3436, 4, 3},
  {0, 0, 3443, 3, 3}, {0, 0, 3449, 12, 3}, {0, 0, 3464, 9, 3},
  {0, 0, 3476, 20, 3}, {0, 0, 3499, 10, 3}, {0, 0, 3512, 8, 3},
  {0, 0, 3523, 13, 5}, {0, 0, 3541, 9, 3}, {0, 0, 3553, 10, 3},
  {0, 0, 3566, 15, 3}, {0, 0, 3584, 19, 5}, {0, 0, 3608, 17, 5},
  {0, 0, 3630, 14, 3}, {0, 0, 3647, 20, 5}, {0, 0, 3672, 15, 3},
  {0, 0, 3690, 15, 5}, {0, 0, 3710, 12, 5}, {0, 0, 3727, 15, 3},
  {0, 0, 3745, 18, 5}, {0, 0, 3768, 20, 3}, {0, 0, 3791, 7, 3},
  {0, 0, 3801, 12, 3}, {0, 0, 3816, 14, 3}, {0, 0, 3833, 11, 5},
  {0, 0, 3849, 17, 5}, {0, 0, 3871, 12, 3}, {0, 0, 3886, 23, 5},
  {0, 0, 3914, 17, 5}, {0, 0, 3936, 11, 3}, {0, 0, 3950, 16, 5},
  {0, 0, 3971, 21, 3}, {1, 0, 0, 17, 3}, {1, 0, 20, 16, 3}, {1, 0, 39, 19, 5},
  {1, 0, 63, 21, 3}, {1, 0, 87, 15, 5}, {1, 0, 107, 20, 3}, {1, 0, 130, 17, 5},
  {1, 0, 152, 22, 3}, {1, 0, 177, 9, 6}, {1, 0, 192, 14, 3},
  {1, 0, 209, 11, 3}, {1, 0, 223, 16, 5}, {1, 0, 244, 21, 3},
  {1, 0, 268, 16, 5}, {1, 0, 289, 11, 6}, {1, 0, 306, 16, 3},
  {1, 0, 325, 8, 3}, {1, 0, 336, 13, 3}, {1, 0, 352, 17, 3},
  {1, 0, 372, 13, 3}, {1, 0, 388, 14, 3}, {1, 0, 405, 4, 4}, {1, 1, 413, 6, 2},
  {1, 0, 421, 2, 2}, {1, 0, 425, 5, 2}, {1, 1, 432, 6, 2}, {1, 1, 440, 5, 2},
  {1, 0, 447, 3, 2}, {1, 0, 452, 6, 2}, {1, 0, 460, 3, 4}, {1, 1, 467, 6, 2},
  {1, 0, 475, 5, 2}, {1, 0, 482, 5, 2}, {1, 0, 489, 7, 2}, {1, 0, 498, 4, 4},
  {1, 0, 506, 20, 3}, {1, 0, 529, 14, 3}, {1, 0, 546, 2, 3}, {1, 0, 551, 4, 4},
  {1, 1, 559, 6, 2}, {1, 1, 567, 6, 2}, {1, 0, 575, 6, 3}, {1, 1, 584, 4, 2},
  {1, 0, 590, 7, 3}, {1, 0, 600, 9, 3}, {1, 0, 612, 11, 3}, {1, 0, 626, 15, 3},
  {1, 0, 644, 8, 3}, {1, 0, 655, 3, 2}, {1, 0, 660, 3, 4}, {1, 0, 667, 3, 2},
  {1, 0, 672, 2, 2}, {1, 0, 676, 9, 2}, {1, 0, 687, 13, 3}, {1, 0, 703, 4, 3},
  {1, 0, 710, 2, 3}, {1, 0, 715, 8, 3}, {1, 0, 726, 13, 3}, {1, 0, 742, 18, 3},
  {1, 0, 763, 13, 3}, {1, 0, 779, 5, 3}, {1, 0, 787, 7, 3}, {1, 0, 797, 10, 3},
  {1, 0, 810, 12, 3}, {1, 0, 825, 4, 4}, {1, 0, 833, 3, 2}, {1, 1, 838, 4, 1},
  {1, 0, 843, 3, 4}, {1, 0, 850, 4, 3}, {1, 0, 857, 4, 4}, {1, 0, 865, 5, 3},
  {1, 1, 873, 3, 2}, {1, 0, 878, 6, 2}, {1, 0, 886, 4, 3}, {1, 0, 893, 4, 3},
  {1, 0, 900, 6, 3}, {1, 0, 909, 6, 2}, {1, 0, 917, 6, 2}, {1, 0, 925, 3, 2},
  {1, 0, 930, 2, 3}, {1, 0, 935, 14, 3}, {1, 0, 952, 18, 3},
  {1, 0, 973, 20, 3}, {1, 0, 996, 3, 3}, {1, 0, 1002, 3, 2},
  {1, 0, 1007, 17, 3}, {1, 0, 1027, 10, 3}, {1, 0, 1040, 13, 3},
  {1, 0, 1056, 19, 3}, {1, 0, 1078, 12, 3}, {1, 0, 1093, 18, 3},
  {1, 0, 1114, 18, 3}, {1, 0, 1135, 15, 3}, {1, 0, 1153, 18, 3},
  {1, 0, 1174, 10, 3}, {1, 0, 1187, 8, 3}, {1, 0, 1198, 13, 3},
  {1, 0, 1214, 14, 3}, {1, 0, 1231, 13, 3}, {1, 0, 1247, 16, 3},
  {1, 0, 1266, 18, 3}, {1, 0, 1287, 17, 3}, {1, 0, 1307, 16, 3},
  {1, 0, 1326, 13, 3}, {1, 0, 1342, 16, 3}, {1, 0, 1361, 11, 3},
  {1, 0, 1375, 14, 3}, {1, 0, 1392, 10, 3}, {1, 0, 1405, 4, 3},
  {1, 0, 1412, 12, 3}, {1, 0, 1427, 11, 3}, {1, 0, 1441, 4, 3},
  {1, 0, 1448, 3, 3}, {1, 0, 1454, 11, 3}, {1, 0, 1468, 6, 2},
  {1, 0, 1476, 4, 2}, {1, 0, 1482, 6, 2}, {1, 0, 1490, 6, 2},
  {1, 0, 1498, 2, 3}, {1, 0, 1503, 6, 2}, {1, 0, 1511, 6, 2},
  {1, 0, 1519, 5, 2}, {1, 0, 1526, 3, 2}, {1, 0, 1531, 3, 4},
  {1, 0, 1538, 14, 3}, {1, 0, 1555, 14, 3}, {1, 0, 1572, 15, 3},
  {1, 0, 1590, 12, 3}, {1, 0, 1605, 5, 2}, {1, 0, 1612, 11, 3},
  {1, 0, 1626, 4, 4}, {1, 0, 1634, 4, 3}, {1, 0, 1641, 6, 3},
  {1, 0, 1650, 18, 3}, {1, 0, 1671, 12, 3}, {1, 0, 1686, 17, 3},
  {1, 0, 1706, 14, 3}, {1, 0, 1723, 19, 3}, {1, 0, 1745, 11, 3},
  {1, 0, 1759, 4, 4}, {1, 0, 1767, 4, 3}, {1, 0, 1774, 3, 3},
  {1, 0, 1780, 6, 3}, {1, 0, 1789, 11, 3}, {1, 0, 1803, 8, 3},
  {1, 0, 1814, 13, 3}, {1, 0, 1830, 18, 3}, {1, 0, 1851, 13, 3},
  {1, 0, 1867, 8, 3}, {1, 0, 1878, 3, 3}, {1, 0, 1884, 3, 3},
  {1, 0, 1890, 8, 3}, {1, 0, 1901, 13, 3}, {1, 0, 1917, 6, 3},
  {1, 1, 1926, 5, 2}, {1, 0, 1933, 5, 3}, {1, 0, 1941, 5, 2},
  {1, 0, 1948, 4, 2}, {1, 0, 1954, 3, 1}, {1, 0, 1958, 3, 2},
  {1, 0, 1963, 6, 2}, {1, 0, 1971, 6, 2}, {1, 0, 1979, 3, 2},
  {1, 0, 1984, 3, 4}, {1, 0, 1991, 9, 3}, {1, 0, 2003, 5, 2},
  {1, 0, 2010, 10, 6}, {1, 0, 2026, 9, 3}, {1, 0, 2038, 5, 3},
  {1, 0, 2046, 10, 3}, {1, 0, 2059, 14, 3}, {1, 0, 2076, 10, 3},
  {1, 0, 2089, 4, 4}, {1, 0, 2097, 9, 3}, {1, 0, 2109, 4, 4},
  {1, 0, 2117, 6, 2}, {1, 1, 2125, 6, 2}, {1, 0, 2133, 4, 3},
  {1, 0, 2140, 8, 3}, {1, 0, 2151, 5, 2}, {1, 0, 2158, 6, 2},
  {1, 1, 2166, 5, 2}, {1, 0, 2173, 3, 2}, {1, 0, 2178, 6, 2},
  {1, 0, 2186, 3, 4}, {1, 1, 2193, 6, 2}, {1, 0, 2201, 5, 2},
  {1, 0, 2208, 8, 1}, {1, 0, 2217, 10, 3}, {1, 0, 2230, 12, 3},
  {1, 0, 2245, 16, 3}, {1, 0, 2264, 5, 3}, {1, 0, 2272, 9, 3},
  {1, 0, 2284, 5, 2}, {1, 0, 2291, 4, 4}, {1, 0, 2299, 7, 3},
  {1, 0, 2309, 10, 3}, {1, 0, 2322, 16, 3}, {1, 0, 2341, 11, 3},
  {1, 0, 2355, 13, 3}, {1, 0, 2371, 5, 3}, {1, 0, 2379, 10, 3},
  {1, 0, 2392, 7, 3}, {1, 0, 2402, 11, 3}, {1, 0, 2416, 14, 3},
  {1, 0, 2433, 15, 3}, {1, 0, 2451, 4, 2}, {1, 0, 2457, 7, 2},
  {1, 0, 2466, 5, 2}, {1, 0, 2473, 4, 4}, {1, 0, 2481, 6, 2},
  {1, 1, 2489, 4, 2}, {1, 0, 2495, 5, 3}, {1, 0, 2503, 4, 3},
  {1, 0, 2510, 3, 2}, {1, 0, 2515, 5, 3}, {1, 0, 2523, 6, 3},
  {1, 0, 2532, 3, 3}, {1, 0, 2538, 6, 3}, {1, 0, 2547, 4, 3},
  {1, 0, 2554, 11, 3}, {1, 0, 2568, 12, 1}, {1, 0, 2581, 17, 3},
  {1, 0, 2601, 13, 3}, {1, 0, 2617, 13, 3}, {1, 0, 2633, 3, 4},
  {1, 0, 2640, 4, 4}, {1, 0, 2648, 4, 4}, {1, 0, 2656, 6, 3},
  {1, 0, 2665, 5, 2}, {1, 0, 2672, 5, 3}, {1, 0, 2680, 3, 4},
  {1, 0, 2687, 4, 4}, {1, 0, 2695, 4, 4}, {1, 0, 2703, 3, 4},
  {1, 0, 2710, 2, 2}, {1, 0, 2714, 4, 4}, {1, 0, 2722, 4, 4},
  {1, 0, 2730, 4, 2}, {1, 0, 2736, 4, 2}, {1, 0, 2742, 4, 2},
  {1, 1, 2748, 6, 2}, {1, 0, 2756, 5, 2}, {1, 0, 2763, 3, 2},
  {1, 0, 2768, 3, 4}, {1, 0, 2775, 4, 4}, {1, 0, 2783, 4, 4},
  {1, 0, 2791, 4, 2}, {1, 0, 2797, 4, 2}, {1, 0, 2803, 6, 2},
  {1, 0, 2811, 6, 2}, {1, 0, 2819, 3, 2}, {1, 0, 2824, 4, 2},
  {1, 0, 2830, 14, 3}, {1, 0, 2847, 4, 2}, {1, 0, 2853, 3, 3},
  {1, 0, 2859, 4, 3}, {1, 0, 2866, 4, 4}, {1, 1, 2874, 6, 2},
  {1, 0, 2882, 6, 2}, {1, 0, 2890, 2, 3}, {1, 0, 2895, 3, 5},
  {1, 0, 2903, 3, 3}, {1, 1, 2909, 5, 2}, {1, 1, 2916, 5, 2},
  {1, 0, 2923, 3, 2}, {1, 1, 2928, 5, 2}, {1, 0, 2935, 2, 3},
  {1, 0, 2940, 3, 4}, {1, 1, 2947, 6, 2}, {1, 0, 2955, 7, 3},
  {1, 0, 2965, 5, 3}, {1, 0, 2973, 5, 2}, {1, 0, 2980, 5, 2},
  {1, 0, 2987, 5, 3}, {1, 1, 2995, 3, 1}, {1, 0, 2999, 3, 3},
  {1, 0, 3005, 6, 3}, {1, 0, 3014, 4, 3}, {1, 0, 3021, 8, 3},
  {1, 0, 3032, 4, 3}, {1, 0, 3039, 3, 3}, {1, 0, 3045, 4, 3},
  {1, 0, 3052, 5, 3}, {1, 0, 3060, 6, 3}, {1, 0, 3069, 8, 3},
  {1, 0, 3080, 8, 3}, {1, 0, 3091, 8, 3}, {1, 0, 3102, 8, 3},
  {1, 0, 3113, 8, 3}, {1, 0, 3124, 8, 3}, {1, 0, 3135, 8, 3},
  {1, 0, 3146, 8, 3}, {1, 0, 3157, 5, 3}, {1, 0, 3165, 7, 3},
  {1, 0, 3175, 8, 3}, {1, 0, 3186, 6, 3}, {1, 0, 3195, 5, 2},
  {1, 0, 3202, 7, 3}, {1, 0, 3212, 5, 2}, {1, 0, 3219, 4, 4},
  {1, 0, 3227, 2, 3}, {1, 0, 3232, 3, 3}, {1, 0, 3238, 6, 3},
  {1, 0, 3247, 3, 3}, {1, 0, 3253, 4, 3}, {1, 0, 3260, 4, 1},
  {1, 0, 3265, 6, 3}, {1, 0, 3274, 8, 3}, {1, 1, 3285, 5, 2},
  {1, 0, 3292, 4, 4}, {1, 0, 3300, 3, 1}, {1, 0, 3304, 5, 3},
  {1, 0, 3312, 7, 3}, {1, 1, 3322, 6, 2}, {1, 1, 3330, 4, 2},
  {1, 0, 3336, 8, 3}, {1, 0, 3347, 5, 3}, {1, 0, 3355, 4, 3},
  {1, 0, 3362, 8, 3}, {1, 0, 3373, 11, 2}, {1, 0, 3386, 9, 3},
  {1, 0, 3398, 7, 3}, {1, 0, 3408, 9, 3}, {1, 0, 3420, 6, 3},
  {1, 0, 3429, 6, 3}, {1, 0, 3438, 8, 3}, {1, 0, 3449, 4, 3},
  {1, 0, 3456, 8, 3}, {1, 0, 3467, 5, 3}, {1, 0, 3475, 3, 2},
  {1, 0, 3480, 5, 3}, {1, 0, 3488, 6, 3}, {1, 0, 3497, 7, 3},
  {1, 0, 3507, 7, 3}, {1, 0, 3517, 5, 2}, {1, 0, 3524, 6, 3},
  {1, 0, 3533, 4, 2}, {1, 0, 3539, 4, 3}, {1, 0, 3546, 7, 3},
  {1, 0, 3556, 3, 4}, {1, 0, 3563, 6, 3}, {1, 0, 3572, 7, 3},
  {1, 0, 3582, 6, 3}, {1, 0, 3591, 7, 3}, {1, 0, 3601, 8, 3},
  {1, 0, 3612, 9, 3}, {1, 0, 3624, 8, 3}, {1, 0, 3635, 7, 3},
  {1, 0, 3645, 15, 3}, {1, 0, 3663, 13, 3}, {1, 0, 3679, 8, 3},
  {1, 0, 3690, 6, 3}, {1, 0, 3699, 8, 3}, {1, 0, 3710, 6, 3},
  {1, 0, 3719, 12, 3}, {1, 0, 3734, 11, 3}, {1, 0, 3748, 13, 3},
  {1, 0, 3764, 17, 3}, {1, 0, 3784, 17, 3}, {1, 0, 3804, 18, 3},
  {1, 0, 3825, 5, 3}, {1, 0, 3833, 5, 3}, {1, 0, 3841, 5, 3},
  {1, 0, 3849, 5, 3}, {1, 0, 3857, 5, 3}, {1, 0, 3865, 3, 4},
  {1, 0, 3872, 7, 6}, {1, 0, 3885, 4, 3}, {1, 0, 3892, 4, 4},
  {1, 0, 3900, 3, 3}, {1, 0, 3906, 6, 3}, {1, 0, 3915, 6, 3},
  {1, 0, 3924, 5, 3}, {1, 0, 3932, 5, 3}, {1, 0, 3940, 5, 3},
  {1, 0, 3948, 5, 3}, {1, 0, 3956, 4, 3}, {1, 0, 3963, 5, 3},
  {1, 0, 3971, 5, 3}, {1, 0, 3979, 5, 3}, {1, 0, 3987, 5, 3}, {2, 0, 0, 5, 3},
  {2, 0, 8, 5, 3}, {2, 0, 16, 5, 3}, {2, 0, 24, 5, 3}, {2, 0, 32, 4, 3},
  {2, 0, 39, 5, 3}, {2, 0, 47, 5, 3}, {2, 0, 55, 5, 3}, {2, 0, 63, 5, 3},
  {2, 0, 71, 5, 3}, {2, 0, 79, 5, 3}, {2, 0, 87, 6, 3}, {2, 0, 96, 5, 3},
  {2, 0, 104, 5, 3}, {2, 0, 112, 5, 3}, {2, 0, 120, 5, 3}, {2, 0, 128, 4, 3},
  {2, 0, 135, 5, 3}, {2, 0, 143, 5, 3}, {2, 0, 151, 5, 3}, {2, 0, 159, 5, 3},
  {2, 0, 167, 8, 3}, {2, 0, 178, 7, 3}, {2, 0, 188, 8, 3}, {2, 0, 199, 5, 3},
  {2, 0, 207, 5, 3}, {2, 0, 215, 5, 3}, {2, 0, 223, 5, 3}, {2, 0, 231, 4, 3},
  {2, 0, 238, 5, 3}, {2, 0, 246, 5, 3}, {2, 0, 254, 5, 3}, {2, 0, 262, 5, 3},
  {2, 0, 270, 5, 3}, {2, 0, 278, 5, 3}, {2, 0, 286, 6, 3}, {2, 0, 295, 5, 2},
  {2, 1, 302, 6, 2}, {2, 0, 310, 4, 4}, {2, 0, 318, 5, 3}, {2, 0, 326, 4, 3},
  {2, 0, 333, 5, 3}, {2, 0, 341, 4, 1}, {2, 0, 346, 5, 3}, {2, 0, 354, 8, 3},
  {2, 0, 365, 4, 3}, {2, 0, 372, 6, 3}, {2, 0, 381, 4, 3}, {2, 0, 388, 5, 3},
  {2, 0, 396, 5, 3}, {2, 0, 404, 6, 3}, {2, 0, 413, 6, 2}, {2, 0, 421, 3, 3},
  {2, 0, 427, 6, 3}, {2, 0, 436, 8, 3}, {2, 0, 447, 6, 3}, {2, 0, 456, 6, 3},
  {2, 0, 465, 6, 3}, {2, 0, 474, 4, 6}, {2, 0, 484, 5, 3}, {2, 0, 492, 5, 2},
  {2, 0, 499, 5, 3}, {2, 0, 507, 6, 2}, {2, 1, 515, 6, 2}, {2, 0, 523, 5, 2},
  {2, 0, 530, 5, 3}, {2, 0, 538, 7, 3}, {2, 0, 548, 4, 2}, {2, 1, 554, 5, 2},
  {2, 0, 561, 7, 3}, {2, 1, 571, 4, 2}, {2, 0, 577, 9, 2}, {2, 0, 588, 3, 4},
  {2, 0, 595, 4, 2}, {2, 0, 601, 5, 3}, {2, 0, 609, 9, 3}, {2, 0, 621, 3, 2},
  {2, 0, 626, 3, 3}, {2, 0, 632, 4, 3}, {2, 0, 639, 4, 2}, {2, 0, 645, 6, 3},
  {2, 0, 654, 15, 3}, {2, 0, 672, 16, 3}, {2, 0, 691, 8, 2}, {2, 0, 701, 8, 3},
  {2, 0, 712, 10, 3}, {2, 0, 725, 11, 3}, {2, 0, 739, 11, 3},
  {2, 0, 753, 4, 3}, {2, 0, 760, 8, 3}, {2, 0, 771, 6, 3}, {2, 0, 780, 7, 3},
  {2, 0, 790, 5, 3}, {2, 0, 798, 8, 3}, {2, 0, 809, 5, 1}, {2, 0, 815, 6, 3},
  {2, 0, 824, 7, 3}, {2, 0, 834, 5, 1}, {2, 0, 840, 6, 1}, {2, 0, 847, 4, 3},
  {2, 0, 854, 6, 3}, {2, 0, 863, 10, 3}, {2, 0, 876, 9, 3}, {2, 0, 888, 4, 3},
  {2, 0, 895, 7, 3}, {2, 0, 905, 6, 3}, {2, 0, 914, 4, 4}, {2, 0, 922, 6, 3},
  {2, 1, 931, 4, 2}, {2, 0, 937, 6, 3}, {2, 0, 946, 5, 3}, {2, 0, 954, 5, 3},
  {2, 0, 962, 4, 4}, {2, 0, 970, 4, 3}, {2, 0, 977, 5, 3}, {2, 0, 985, 4, 3},
  {2, 0, 992, 5, 3}, {2, 0, 1000, 5, 3}, {2, 0, 1008, 7, 3},
  {2, 0, 1018, 7, 3}, {2, 0, 1028, 5, 3}, {2, 0, 1036, 5, 3},
  {2, 0, 1044, 6, 3}, {2, 0, 1053, 7, 3}, {2, 0, 1063, 3, 3},
  {2, 0, 1069, 8, 3}, {2, 0, 1080, 6, 3}, {2, 0, 1089, 6, 3},
  {2, 0, 1098, 6, 3}, {2, 0, 1107, 5, 3}, {2, 0, 1115, 4, 6},
  {2, 0, 1125, 6, 3}, {2, 0, 1134, 7, 3}, {2, 0, 1144, 11, 3},
  {2, 0, 1158, 11, 3}, {2, 0, 1172, 8, 3}, {2, 0, 1183, 10, 3},
  {2, 1, 1196, 6, 2}, {2, 0, 1204, 14, 3}, {2, 0, 1221, 15, 3},
  {2, 0, 1239, 5, 3}, {2, 0, 1247, 5, 3}, {2, 0, 1255, 8, 3},
  {2, 0, 1266, 5, 3}, {2, 0, 1274, 6, 3}, {2, 0, 1283, 4, 3},
  {2, 0, 1290, 4, 3}, {2, 0, 1297, 6, 3}, {2, 0, 1306, 6, 3},
  {2, 0, 1315, 4, 3}, {2, 0, 1322, 4, 3}, {2, 0, 1329, 5, 3},
  {2, 0, 1337, 7, 3}, {2, 0, 1347, 5, 2}, {2, 0, 1354, 6, 2},
  {2, 0, 1362, 3, 2}, {2, 0, 1367, 2, 3}, {2, 0, 1372, 7, 3},
  {2, 0, 1382, 5, 3}, {2, 0, 1390, 7, 3}, {2, 1, 1400, 3, 2},
  {2, 0, 1405, 5, 2}, {2, 0, 1412, 7, 3}, {2, 0, 1422, 6, 3},
  {2, 0, 1431, 3, 4}, {2, 0, 1438, 5, 3}, {2, 0, 1446, 5, 3},
  {2, 0, 1454, 4, 3}, {2, 0, 1461, 7, 3}, {2, 0, 1471, 11, 3},
  {2, 0, 1485, 5, 3}, {2, 0, 1493, 3, 2}, {2, 0, 1498, 7, 2},
  {2, 0, 1507, 5, 3}, {2, 0, 1515, 3, 2}, {2, 1, 1520, 6, 2},
  {2, 0, 1528, 13, 3}, {2, 0, 1544, 6, 3}, {2, 0, 1553, 4, 2},
  {2, 0, 1559, 6, 3}, {2, 0, 1568, 6, 3}, {2, 0, 1577, 6, 1},
  {2, 0, 1584, 4, 4}, {2, 0, 1592, 3, 2}, {2, 0, 1597, 5, 3},
  {2, 0, 1605, 8, 3}, {2, 0, 1616, 8, 3}, {2, 0, 1627, 7, 3},
  {2, 0, 1637, 9, 3}, {2, 0, 1649, 14, 3}, {2, 0, 1666, 9, 3},
  {2, 0, 1678, 14, 3}, {2, 0, 1695, 15, 3}, {2, 0, 1713, 16, 3},
  {2, 0, 1732, 8, 3}, {2, 0, 1743, 6, 3}, {2, 0, 1752, 6, 3},
  {2, 0, 1761, 4, 4}, {2, 0, 1769, 4, 2}, {2, 0, 1775, 4, 3},
  {2, 0, 1782, 6, 2}, {2, 0, 1790, 5, 3}, {2, 0, 1798, 4, 3},
  {2, 0, 1805, 5, 3}, {2, 0, 1813, 5, 3}, {2, 0, 1821, 5, 3},
  {2, 0, 1829, 7, 3}, {2, 0, 1839, 4, 2}, {2, 0, 1845, 8, 3},
  {2, 0, 1856, 5, 3}, {2, 0, 1864, 4, 3}, {2, 1, 1871, 6, 2},
  {2, 0, 1879, 6, 3}, {2, 0, 1888, 6, 2}, {2, 0, 1896, 4, 3},
  {2, 1, 1903, 5, 2}, {2, 0, 1910, 6, 3}, {2, 0, 1919, 3, 2},
  {2, 0, 1924, 4, 2}, {2, 0, 1930, 2, 3}, {2, 0, 1935, 5, 3},
  {2, 0, 1943, 3, 4}, {2, 0, 1950, 2, 3}, {2, 1, 1955, 6, 2},
  {2, 0, 1963, 3, 3}, {2, 0, 1969, 6, 3}, {2, 0, 1978, 2, 3},
  {2, 0, 1983, 8, 3}, {2, 0, 1994, 3, 3}, {2, 0, 2000, 3, 3},
  {2, 0, 2006, 6, 3}, {2, 0, 2015, 5, 2}, {2, 0, 2022, 5, 3},
  {2, 0, 2030, 8, 3}, {2, 0, 2041, 6, 3}, {2, 0, 2050, 4, 3},
  {2, 0, 2057, 6, 3}, {2, 0, 2066, 6, 3}, {2, 0, 2075, 3, 2},
  {2, 0, 2080, 4, 3}, {2, 0, 2087, 5, 2}, {2, 0, 2094, 4, 4},
  {2, 0, 2102, 4, 3}, {2, 0, 2109, 6, 3}, {2, 0, 2118, 5, 3},
  {2, 0, 2126, 4, 2}, {2, 0, 2132, 7, 2}, {2, 0, 2141, 5, 2},
  {2, 0, 2148, 6, 3}, {2, 0, 2157, 7, 3}, {2, 0, 2167, 5, 3},
  {2, 0, 2175, 10, 3}, {2, 0, 2188, 11, 3}, {2, 0, 2202, 6, 1},
  {2, 0, 2209, 6, 3}, {2, 0, 2218, 5, 3}, {2, 0, 2226, 7, 3},
  {2, 0, 2236, 8, 3}, {2, 0, 2247, 5, 3}, {2, 0, 2255, 5, 3},
  {2, 0, 2263, 4, 3}, {2, 0, 2270, 5, 3}, {2, 0, 2278, 4, 3},
  {2, 0, 2285, 3, 2}, {2, 1, 2290, 3, 2}, {2, 1, 2295, 4, 2},
  {2, 0, 2301, 4, 3}, {2, 0, 2308, 4, 1}, {2, 0, 2313, 5, 3},
  {2, 0, 2321, 11, 3}, {2, 0, 2335, 12, 3}, {2, 0, 2350, 13, 3},
  {2, 0, 2366, 3, 2}, {2, 0, 2371, 6, 3}, {2, 0, 2380, 6, 3},
  {2, 0, 2389, 5, 3}, {2, 0, 2397, 6, 3}, {2, 0, 2406, 3, 4},
  {2, 0, 2413, 5, 3}, {2, 0, 2421, 5, 2}, {2, 0, 2428, 4, 3},
  {2, 0, 2435, 5, 3}, {2, 0, 2443, 5, 3}, {2, 0, 2451, 4, 2},
  {2, 0, 2457, 4, 4}, {2, 0, 2465, 6, 3}, {2, 0, 2474, 4, 3},
  {2, 0, 2481, 5, 3}, {2, 0, 2489, 8, 3}, {2, 1, 2500, 6, 2},
  {2, 0, 2508, 6, 3}, {2, 1, 2517, 6, 2}, {2, 0, 2525, 6, 3},
  {2, 0, 2534, 6, 3}, {2, 0, 2543, 6, 3}, {2, 0, 2552, 6, 3},
  {2, 0, 2561, 6, 3}, {2, 1, 2570, 6, 2}, {2, 0, 2578, 6, 3},
  {2, 0, 2587, 6, 3}, {2, 0, 2596, 6, 3}, {2, 0, 2605, 6, 3},
  {2, 0, 2614, 6, 3}, {2, 0, 2623, 6, 3}, {2, 0, 2632, 5, 3},
  {2, 0, 2640, 5, 3}, {2, 0, 2648, 4, 4}, {2, 0, 2656, 2, 3},
  {2, 0, 2661, 3, 3}, {2, 0, 2667, 6, 2}, {2, 0, 2675, 5, 2},
  {2, 0, 2682, 6, 2}, {2, 0, 2690, 3, 3}, {2, 0, 2696, 6, 2},
  {2, 0, 2704, 5, 2}, {2, 0, 2711, 3, 2}, {2, 0, 2716, 4, 2},
  {2, 0, 2722, 2, 3}, {2, 0, 2727, 3, 3}, {2, 0, 2733, 3, 3},
  {2, 0, 2739, 4, 3}, {2, 0, 2746, 8, 3}, {2, 0, 2757, 3, 3},
  {2, 0, 2763, 5, 3}, {2, 0, 2771, 6, 3}, {2, 0, 2780, 7, 3},
  {2, 0, 2790, 8, 3}, {2, 0, 2801, 4, 6}, {2, 0, 2811, 6, 3},
  {2, 0, 2820, 3, 4}, {2, 0, 2827, 2, 3}, {2, 0, 2832, 3, 3},
  {2, 0, 2838, 5, 3}, {2, 0, 2846, 4, 2}, {2, 0, 2852, 2, 3},
  {2, 0, 2857, 3, 3}, {2, 0, 2863, 3, 3}, {2, 0, 2869, 3, 3},
  {2, 0, 2875, 3, 3}, {2, 0, 2881, 4, 3}, {2, 0, 2888, 8, 3},
  {2, 0, 2899, 3, 3}, {2, 0, 2905, 4, 3}, {2, 0, 2912, 5, 3},
  {2, 0, 2920, 5, 3}, {2, 0, 2928, 4, 4}, {2, 0, 2936, 5, 1},
  {2, 0, 2942, 4, 3}, {2, 0, 2949, 4, 3}, {2, 0, 2956, 5, 3},
  {2, 0, 2964, 5, 3}, {2, 1, 2972, 2, 1}, {2, 0, 2975, 4, 3},
  {2, 0, 2982, 5, 3}, {2, 0, 2990, 5, 3}, {2, 0, 2998, 6, 3},
  {2, 0, 3007, 7, 3}, {2, 0, 3017, 9, 3}, {2, 0, 3029, 6, 3},
  {2, 0, 3038, 6, 3}, {2, 0, 3047, 9, 3}, {2, 0, 3059, 10, 3},
  {2, 0, 3072, 7, 3}, {2, 0, 3082, 6, 3}, {2, 0, 3091, 9, 6},
  {2, 0, 3106, 4, 6}, {2, 0, 3116, 4, 3}, {2, 0, 3123, 6, 3},
  {2, 0, 3132, 4, 2}, {2, 0, 3138, 6, 3}, {2, 0, 3147, 6, 2},
  {2, 0, 3155, 4, 3}, {2, 0, 3162, 7, 3}, {2, 0, 3172, 5, 3},
  {2, 0, 3180, 4, 3}, {2, 0, 3187, 5, 2}, {2, 0, 3194, 6, 3},
  {2, 0, 3203, 9, 3}, {2, 0, 3215, 6, 3}, {2, 0, 3224, 6, 3},
  {2, 0, 3233, 3, 4}, {2, 0, 3240, 8, 3}, {2, 0, 3251, 8, 3},
  {2, 0, 3262, 5, 3}, {2, 0, 3270, 6, 3}, {2, 0, 3279, 13, 3},
  {2, 0, 3295, 14, 3}, {2, 0, 3312, 4, 4}, {2, 0, 3320, 6, 3},
  {2, 0, 3329, 4, 4}, {2, 0, 3337, 6, 3}, {2, 0, 3346, 6, 2},
  {2, 0, 3354, 6, 3}, {2, 0, 3363, 6, 3}, {2, 1, 3372, 6, 2},
  {2, 0, 3380, 2, 3}, {2, 1, 3385, 5, 2}, {2, 0, 3392, 3, 2},
  {2, 0, 3397, 4, 2}, {2, 1, 3403, 5, 2}, {2, 0, 3410, 3, 3},
  {2, 0, 3416, 3, 4}, {2, 1, 3423, 6, 2}, {2, 0, 3431, 2, 3},
  {2, 0, 3436, 6, 3}, {2, 0, 3445, 5, 3}, {2, 0, 3453, 6, 3},
  {2, 0, 3462, 5, 3}, {2, 0, 3470, 5, 2}, {2, 0, 3477, 5, 2},
  {2, 0, 3484, 5, 3}, {2, 0, 3492, 8, 3}, {2, 0, 3503, 8, 3},
  {2, 0, 3514, 5, 2}, {2, 0, 3521, 4, 3}, {2, 0, 3528, 5, 2},
  {2, 0, 3535, 2, 3}, {2, 0, 3540, 6, 3}, {2, 0, 3549, 5, 3},
  {2, 0, 3557, 8, 3}, {2, 0, 3568, 6, 2}, {2, 0, 3576, 3, 3},
  {2, 0, 3582, 6, 3}, {2, 0, 3591, 8, 3}, {2, 0, 3602, 8, 3},
  {2, 0, 3613, 8, 3}, {2, 0, 3624, 7, 3}, {2, 0, 3634, 4, 2},
  {2, 0, 3640, 5, 2}, {2, 0, 3647, 4, 4}, {2, 0, 3655, 4, 2},
  {2, 0, 3661, 5, 3}, {2, 1, 3669, 6, 2}, {2, 0, 3677, 4, 4},
  {2, 0, 3685, 4, 3}, {2, 0, 3692, 5, 3}, {2, 0, 3700, 7, 3},
  {2, 0, 3710, 5, 3}, {2, 0, 3718, 6, 3}, {2, 0, 3727, 5, 3},
  {2, 0, 3735, 2, 3}, {2, 0, 3740, 6, 2}, {2, 0, 3748, 5, 2},
  {2, 1, 3755, 4, 2}, {2, 0, 3761, 5, 2}, {2, 0, 3768, 3, 2},
  {2, 0, 3773, 3, 4}, {2, 0, 3780, 5, 2}, {2, 0, 3787, 4, 4},
  {2, 0, 3795, 4, 4}, {2, 0, 3803, 6, 2}, {2, 0, 3811, 5, 2},
  {2, 0, 3818, 5, 2}, {2, 0, 3825, 6, 2}, {2, 0, 3833, 6, 2},
  {2, 0, 3841, 3, 2}, {2, 0, 3846, 3, 4}, {2, 0, 3853, 6, 2},
  {2, 0, 3861, 4, 2}, {2, 0, 3867, 4, 2}, {2, 0, 3873, 4, 4},
  {2, 0, 3881, 4, 4}, {2, 0, 3889, 5, 3}, {2, 0, 3897, 4, 3},
  {2, 0, 3904, 6, 3}, {2, 0, 3913, 5, 3}, {2, 0, 3921, 2, 3},
  {2, 0, 3926, 3, 3}, {2, 0, 3932, 4, 3}, {2, 0, 3939, 6, 2},
  {2, 0, 3947, 8, 3}, {2, 0, 3958, 6, 3}, {2, 0, 3967, 6, 2},
  {2, 0, 3975, 4, 3}, {2, 0, 3982, 5, 3}, {2, 0, 3990, 6, 3}, {3, 0, 0, 3, 3},
  {3, 1, 6, 5, 2}, {3, 0, 13, 4, 3}, {3, 0, 20, 5, 3}, {3, 0, 28, 7, 3},
  {3, 0, 38, 6, 3}, {3, 0, 47, 6, 3}, {3, 0, 56, 6, 3}, {3, 0, 65, 6, 3},
  {3, 0, 74, 7, 3}, {3, 0, 84, 6, 3}, {3, 0, 93, 3, 3}, {3, 0, 99, 6, 3},
  {3, 0, 108, 4, 3}, {3, 0, 115, 5, 6}, {3, 0, 126, 5, 3}, {3, 0, 134, 5, 3},
  {3, 0, 142, 6, 1}, {3, 0, 149, 6, 1}, {3, 0, 156, 5, 3}, {3, 0, 164, 7, 3},
  {3, 0, 174, 7, 3}, {3, 0, 184, 6, 2}, {3, 0, 192, 6, 2}, {3, 0, 200, 5, 3},
  {3, 0, 208, 4, 1}, {3, 0, 213, 3, 2}, {3, 0, 218, 4, 3}, {3, 0, 225, 5, 3},
  {3, 0, 233, 6, 3}, {3, 0, 242, 7, 3}, {3, 0, 252, 8, 3}, {3, 0, 263, 4, 3},
  {3, 0, 270, 2, 3}, {3, 0, 275, 9, 3}, {3, 0, 287, 13, 3}, {3, 0, 303, 15, 3},
  {3, 0, 321, 13, 3}, {3, 0, 337, 14, 3}, {3, 0, 354, 14, 3},
  {3, 0, 371, 15, 3}, {3, 0, 389, 17, 3}, {3, 0, 409, 19, 3},
  {3, 0, 431, 14, 3}, {3, 0, 448, 3, 3}, {3, 0, 454, 3, 3}, {3, 0, 460, 4, 3},
  {3, 0, 467, 8, 3}, {3, 0, 478, 3, 3}, {3, 0, 484, 5, 3}, {3, 0, 492, 6, 3},
  {3, 0, 501, 7, 3}, {3, 0, 511, 8, 3}, {3, 0, 522, 4, 6}, {3, 0, 532, 6, 3},
  {3, 0, 541, 10, 3}, {3, 0, 554, 7, 3}, {3, 0, 564, 9, 3}, {3, 0, 576, 10, 3},
  {3, 0, 589, 7, 3}, {3, 0, 599, 7, 3}, {3, 0, 609, 6, 3}, {3, 0, 618, 6, 3},
  {3, 0, 627, 3, 4}, {3, 0, 634, 2, 3}, {3, 0, 639, 3, 3}, {3, 0, 645, 5, 3},
  {3, 0, 653, 5, 3}, {3, 0, 661, 6, 3}, {3, 0, 670, 5, 3}, {3, 0, 678, 4, 2},
  {3, 0, 684, 2, 3}, {3, 0, 689, 5, 3}, {3, 0, 697, 8, 3}, {3, 0, 708, 6, 3},
  {3, 0, 717, 5, 3}, {3, 0, 725, 6, 2}, {3, 0, 733, 6, 3}, {3, 0, 742, 10, 3},
  {3, 0, 755, 3, 3}, {3, 0, 761, 4, 3}, {3, 0, 768, 8, 3}, {3, 0, 779, 3, 3},
  {3, 0, 785, 4, 3}, {3, 0, 792, 5, 3}, {3, 0, 800, 5, 3}, {3, 0, 808, 5, 3},
  {3, 0, 816, 5, 3}, {3, 0, 824, 5, 3}, {3, 0, 832, 13, 3}, {3, 0, 848, 18, 3},
  {3, 0, 869, 10, 3}, {3, 0, 882, 14, 3}, {3, 0, 899, 13, 3},
  {3, 0, 915, 14, 3}, {3, 0, 932, 5, 3}, {3, 0, 940, 4, 4}, {3, 0, 948, 6, 3},
  {3, 0, 957, 7, 3}, {3, 0, 967, 6, 3}, {3, 0, 976, 6, 1}, {3, 0, 983, 3, 3},
  {3, 0, 989, 7, 3}, {3, 0, 999, 4, 3}, {3, 0, 1006, 4, 1}, {3, 0, 1011, 6, 3},
  {3, 0, 1020, 5, 3}, {3, 0, 1028, 8, 3}, {3, 0, 1039, 5, 3},
  {3, 0, 1047, 6, 3}, {3, 0, 1056, 3, 3}, {3, 0, 1062, 5, 3},
  {3, 0, 1070, 6, 3}, {3, 0, 1079, 4, 4}, {3, 0, 1087, 3, 3},
  {3, 0, 1093, 4, 3}, {3, 0, 1100, 5, 3}, {3, 0, 1108, 5, 3},
  {3, 0, 1116, 4, 1}, {3, 0, 1121, 5, 3}, {3, 0, 1129, 6, 3},
  {3, 0, 1138, 6, 2}, {3, 1, 1146, 2, 1}, {3, 0, 1149, 4, 3},
  {3, 0, 1156, 5, 3}, {3, 0, 1164, 5, 3}, {3, 0, 1172, 6, 3},
  {3, 0, 1181, 6, 3}, {3, 0, 1190, 6, 3}, {3, 0, 1199, 7, 3},
  {3, 0, 1209, 6, 3}, {3, 0, 1218, 4, 3}, {3, 0, 1225, 5, 3},
  {3, 0, 1233, 5, 3}, {3, 0, 1241, 8, 3}, {3, 0, 1252, 7, 3},
  {3, 0, 1262, 9, 6}, {3, 0, 1277, 4, 6}, {3, 0, 1287, 5, 3},
  {3, 1, 1295, 4, 2}, {3, 0, 1301, 4, 3}, {3, 0, 1308, 4, 3},
  {3, 0, 1315, 7, 3}, {3, 0, 1325, 3, 3}, {3, 0, 1331, 6, 3},
  {3, 0, 1340, 10, 3}, {3, 0, 1353, 10, 3}, {3, 0, 1366, 8, 3},
  {3, 0, 1377, 6, 3}, {3, 0, 1386, 6, 3}, {3, 0, 1395, 3, 2},
  {3, 0, 1400, 5, 3}, {3, 0, 1408, 13, 3}, {3, 0, 1424, 3, 4},
  {3, 0, 1431, 3, 3}, {3, 1, 1437, 5, 2}, {3, 0, 1444, 3, 3},
  {3, 0, 1450, 6, 1}, {3, 0, 1457, 6, 3}, {3, 1, 1466, 6, 2},
  {3, 0, 1474, 5, 3}, {3, 0, 1482, 6, 3}, {3, 0, 1491, 6, 3},
  {3, 0, 1500, 7, 3}, {3, 0, 1510, 4, 3}, {3, 0, 1517, 4, 3},
  {3, 0, 1524, 6, 3}, {3, 0, 1533, 6, 3}, {3, 0, 1542, 4, 4},
  {3, 0, 1550, 2, 3}, {3, 0, 1555, 4, 4}, {3, 0, 1563, 6, 3},
  {3, 0, 1572, 2, 2}, {3, 0, 1576, 8, 3}, {3, 0, 1587, 5, 3},
  {3, 0, 1595, 3, 5}, {3, 0, 1603, 3, 6}, {3, 0, 1612, 4, 5},
  {3, 0, 1621, 10, 3}, {3, 0, 1634, 15, 3}, {3, 0, 1652, 3, 5},
  {3, 0, 1660, 3, 6}, {3, 0, 1669, 4, 5}, {3, 0, 1678, 11, 3},
  {3, 0, 1692, 6, 3}, {3, 0, 1701, 6, 3}, {3, 0, 1710, 5, 3},
  {3, 0, 1718, 6, 2}, {3, 0, 1726, 4, 6}, {3, 0, 1736, 3, 3},
  {3, 0, 1742, 4, 5}, {3, 0, 1751, 5, 5}, {3, 0, 1761, 5, 2},
  {3, 0, 1768, 7, 3}, {3, 0, 1778, 5, 3}, {3, 0, 1786, 7, 3},
  {3, 0, 1796, 8, 3}, {3, 1, 1807, 4, 2}, {3, 0, 1813, 5, 5},
  {3, 0, 1823, 6, 5}, {3, 0, 1834, 4, 3}, {3, 0, 1841, 6, 2},
  {3, 0, 1849, 6, 2}, {3, 0, 1857, 5, 3}, {3, 0, 1865, 8, 5},
  {3, 0, 1878, 4, 3}, {3, 0, 1885, 3, 2}, {3, 0, 1890, 5, 3},
  {3, 0, 1898, 2, 3}, {3, 0, 1903, 5, 3}, {3, 0, 1911, 6, 3},
  {3, 0, 1920, 5, 3}, {3, 0, 1928, 7, 3}, {3, 0, 1938, 5, 5},
  {3, 0, 1948, 6, 3}, {3, 0, 1957, 6, 3}, {3, 0, 1966, 5, 5},
  {3, 0, 1976, 6, 3}, {3, 0, 1985, 7, 3}, {3, 0, 1995, 3, 4},
  {3, 0, 2002, 3, 5}, {3, 0, 2010, 3, 3}, {3, 0, 2016, 4, 3},
  {3, 0, 2023, 5, 5}, {3, 0, 2033, 9, 5}, {3, 0, 2047, 4, 5},
  {3, 0, 2056, 5, 3}, {3, 0, 2064, 3, 3}, {3, 0, 2070, 4, 3},
  {3, 0, 2077, 5, 3}, {3, 0, 2085, 5, 3}, {3, 0, 2093, 5, 3},
  {3, 0, 2101, 2, 3}, {3, 0, 2106, 3, 3}, {3, 0, 2112, 4, 3},
  {3, 0, 2119, 3, 3}, {3, 0, 2125, 4, 2}, {3, 0, 2131, 5, 3},
  {3, 0, 2139, 3, 5}, {3, 0, 2147, 5, 3}, {3, 0, 2155, 4, 3},
  {3, 0, 2162, 3, 3}, {3, 0, 2168, 10, 3}, {3, 0, 2181, 15, 3},
  {3, 0, 2199, 4, 3}, {3, 0, 2206, 5, 5}, {3, 0, 2216, 9, 5},
  {3, 0, 2230, 4, 5}, {3, 0, 2239, 5, 3}, {3, 0, 2247, 5, 3},
  {3, 0, 2255, 3, 3}, {3, 0, 2261, 5, 3}, {3, 0, 2269, 6, 3},
  {3, 0, 2278, 4, 3}, {3, 0, 2285, 4, 4}, {3, 1, 2293, 3, 2},
  {3, 0, 2298, 5, 3}, {3, 0, 2306, 6, 5}, {3, 0, 2317, 8, 5},
  {3, 0, 2330, 7, 3}, {3, 0, 2340, 7, 3}, {3, 0, 2350, 7, 3},
  {3, 0, 2360, 5, 3}, {3, 0, 2368, 7, 3}, {3, 0, 2378, 7, 3},
  {3, 0, 2388, 7, 3}, {3, 0, 2398, 4, 3}, {3, 0, 2405, 9, 3},
  {3, 0, 2417, 6, 6}, {3, 0, 2429, 5, 5}, {3, 0, 2439, 7, 3},
  {3, 0, 2449, 3, 3}, {3, 0, 2455, 6, 3}, {3, 0, 2464, 4, 5},
  {3, 0, 2473, 5, 3}, {3, 0, 2481, 7, 5}, {3, 0, 2493, 5, 3},
  {3, 0, 2501, 5, 3}, {3, 0, 2509, 6, 5}, {3, 0, 2520, 6, 5},
  {3, 0, 2531, 11, 3}, {3, 0, 2545, 5, 3}, {3, 0, 2553, 6, 3},
  {3, 0, 2562, 3, 3}, {3, 0, 2568, 6, 3}, {3, 0, 2577, 4, 5},
  {3, 0, 2586, 4, 4}, {3, 0, 2594, 9, 3}, {3, 0, 2606, 14, 3},
  {3, 0, 2623, 4, 3}, {3, 0, 2630, 5, 3}, {3, 0, 2638, 6, 3},
  {3, 0, 2647, 5, 3}, {3, 0, 2655, 5, 3}, {3, 0, 2663, 7, 3},
  {3, 0, 2673, 7, 3}, {3, 0, 2683, 4, 3}, {3, 0, 2690, 5, 5},
  {3, 0, 2700, 5, 3}, {3, 0, 2708, 7, 6}, {3, 0, 2721, 9, 3},
  {3, 0, 2733, 10, 5}, {3, 0, 2748, 5, 3}, {3, 0, 2756, 7, 5},
  {3, 0, 2768, 4, 3}, {3, 0, 2775, 5, 5}, {3, 0, 2785, 5, 3},
  {3, 0, 2793, 7, 6}, {3, 0, 2806, 9, 3}, {3, 0, 2818, 10, 5},
  {3, 0, 2833, 4, 3}, {3, 1, 2840, 6, 2}, {3, 0, 2848, 4, 3},
  {3, 0, 2855, 13, 3}, {3, 0, 2871, 15, 3}, {3, 0, 2889, 14, 3},
  {3, 0, 2906, 16, 3}, {3, 0, 2925, 2, 2}, {3, 0, 2929, 3, 1},
  {3, 0, 2933, 6, 3}, {3, 0, 2942, 5, 3}, {3, 0, 2950, 6, 3},
  {3, 0, 2959, 6, 3}, {3, 0, 2968, 4, 6}, {3, 0, 2978, 6, 3},
  {3, 0, 2987, 4, 6}, {3, 0, 2997, 4, 4}, {3, 0, 3005, 7, 3},
  {3, 0, 3015, 6, 3}, {3, 0, 3024, 4, 6}, {3, 0, 3034, 4, 4},
  {3, 0, 3042, 7, 6}, {3, 0, 3055, 6, 3}, {3, 0, 3064, 7, 6},
  {3, 0, 3077, 5, 6}, {3, 0, 3088, 5, 3}, {3, 0, 3096, 6, 3},
  {3, 0, 3105, 5, 3}, {3, 0, 3113, 7, 3}, {3, 0, 3123, 6, 3},
  {3, 0, 3132, 2, 3}, {3, 1, 3137, 6, 2}, {3, 0, 3145, 4, 3},
  {3, 0, 3152, 4, 3}, {3, 1, 3159, 5, 2}, {3, 0, 3166, 3, 2},
  {3, 0, 3171, 5, 3}, {3, 0, 3179, 6, 2}, {3, 0, 3187, 4, 3},
  {3, 0, 3194, 4, 3}, {3, 0, 3201, 6, 3}, {3, 0, 3210, 5, 2},
  {3, 0, 3217, 5, 3}, {3, 0, 3225, 3, 4}, {3, 0, 3232, 4, 2},
  {3, 1, 3238, 6, 2}, {3, 0, 3246, 3, 3}, {3, 0, 3252, 5, 3},
  {3, 0, 3260, 3, 2}, {3, 0, 3265, 4, 3}, {3, 0, 3272, 5, 3},
  {3, 0, 3280, 5, 3}, {3, 0, 3288, 7, 3}, {3, 0, 3298, 5, 3},
  {3, 0, 3306, 3, 3}, {3, 0, 3312, 5, 2}, {3, 0, 3319, 5, 2},
  {3, 0, 3326, 7, 2}, {3, 0, 3335, 4, 3}, {3, 0, 3342, 6, 3},
  {3, 0, 3351, 4, 4}, {3, 0, 3359, 4, 3}, {3, 0, 3366, 5, 3},
  {3, 0, 3374, 5, 3}, {3, 0, 3382, 2, 3}, {3, 0, 3387, 5, 3},
  {3, 0, 3395, 3, 3}, {3, 0, 3401, 5, 3}, {3, 0, 3409, 7, 3},
  {3, 1, 3419, 4, 2}, {3, 1, 3425, 4, 2}, {3, 0, 3431, 6, 3},
  {3, 0, 3440, 4, 3}, {3, 0, 3447, 7, 3}, {3, 0, 3457, 3, 3},
  {3, 0, 3463, 4, 3}, {3, 1, 3470, 6, 2}, {3, 0, 3478, 4, 3},
  {3, 1, 3485, 6, 2}, {3, 0, 3493, 6, 3}, {3, 0, 3502, 8, 3},
  {3, 1, 3513, 4, 2}, {3, 0, 3519, 5, 3}, {3, 0, 3527, 3, 3},
  {3, 1, 3533, 4, 2}, {3, 0, 3539, 8, 3}, {3, 0, 3550, 6, 3},
  {3, 0, 3559, 5, 3}, {3, 0, 3567, 4, 3}, {3, 0, 3574, 3, 2},
  {3, 0, 3579, 6, 1}, {3, 0, 3586, 6, 1}, {3, 0, 3593, 6, 3},
  {3, 0, 3602, 4, 3}, {3, 0, 3609, 7, 3}, {3, 0, 3619, 3, 4},
  {3, 0, 3626, 3, 2}, {3, 0, 3631, 4, 2}, {3, 0, 3637, 6, 3},
  {3, 0, 3646, 5, 3}, {3, 0, 3654, 2, 2}, {3, 0, 3658, 9, 3},
  {3, 0, 3670, 3, 2}, {3, 0, 3675, 6, 3}, {3, 0, 3684, 7, 3},
  {3, 0, 3694, 6, 3}, {3, 0, 3703, 4, 1}, {3, 0, 3708, 8, 3},
  {3, 0, 3719, 5, 3}, {3, 0, 3727, 7, 3}, {3, 0, 3737, 6, 3},
  {3, 0, 3746, 6, 3}, {3, 0, 3755, 5, 3}, {3, 1, 3763, 6, 2},
  {3, 0, 3771, 7, 3}, {3, 0, 3781, 7, 3}, {3, 0, 3791, 2, 2},
  {3, 0, 3795, 8, 3}, {3, 0, 3806, 4, 4}, {3, 1, 3814, 5, 2},
  {3, 0, 3821, 2, 3}, {3, 0, 3826, 3, 3}, {3, 0, 3832, 4, 3},
  {3, 0, 3839, 5, 3}, {3, 0, 3847, 3, 3}, {3, 0, 3853, 4, 3},
  {3, 0, 3860, 10, 3}, {3, 0, 3873, 11, 3}, {3, 0, 3887, 6, 3},
  {3, 0, 3896, 11, 3}, {3, 0, 3910, 8, 3}, {3, 0, 3921, 8, 3},
  {3, 0, 3932, 7, 3}, {3, 0, 3942, 5, 3}, {3, 0, 3950, 6, 3},
  {3, 0, 3959, 4, 3}, {3, 0, 3966, 5, 3}, {3, 0, 3974, 6, 3},
  {3, 0, 3983, 4, 3}, {4, 0, 0, 8, 3}, {4, 0, 11, 8, 3}, {4, 0, 22, 8, 3},
  {4, 0, 33, 4, 3}, {4, 0, 40, 6, 3}, {4, 0, 49, 5, 3}, {4, 0, 57, 6, 3},
  {4, 0, 66, 4, 4}, {4, 0, 74, 3, 2}, {4, 0, 79, 6, 3}, {4, 0, 88, 3, 4},
  {4, 0, 95, 4, 3}, {4, 0, 102, 4, 4}, {4, 0, 110, 6, 3}, {4, 0, 119, 4, 4},
  {4, 0, 127, 11, 3}, {4, 0, 141, 7, 3}, {4, 0, 151, 5, 1}, {4, 0, 157, 7, 3},
  {4, 1, 167, 4, 1}, {4, 0, 172, 5, 3}, {4, 0, 180, 4, 3}, {4, 0, 187, 6, 3},
  {4, 0, 196, 5, 3}, {4, 0, 204, 4, 3}, {4, 0, 211, 4, 5}, {4, 0, 220, 6, 2},
  {4, 0, 228, 5, 3}, {4, 0, 236, 8, 3}, {4, 0, 247, 4, 3}, {4, 0, 254, 5, 3},
  {4, 0, 262, 5, 3}, {4, 0, 270, 6, 3}, {4, 1, 279, 5, 2}, {4, 0, 286, 4, 3},
  {4, 0, 293, 6, 3}, {4, 0, 302, 5, 3}, {4, 0, 310, 7, 3}, {4, 0, 320, 5, 3},
  {4, 0, 328, 6, 3}, {4, 0, 337, 6, 3}, {4, 0, 346, 6, 3}, {4, 0, 355, 6, 3},
  {4, 0, 364, 7, 3}, {4, 0, 374, 6, 3}, {4, 0, 383, 5, 3}, {4, 0, 391, 6, 3},
  {4, 0, 400, 5, 3}, {4, 0, 408, 9, 3}, {4, 0, 420, 5, 3}, {4, 0, 428, 5, 3},
  {4, 0, 436, 6, 1}, {4, 0, 443, 6, 1}, {4, 0, 450, 5, 3}, {4, 0, 458, 7, 3},
  {4, 0, 468, 7, 3}, {4, 0, 478, 6, 2}, {4, 0, 486, 6, 2}, {4, 0, 494, 5, 3},
  {4, 0, 502, 4, 1}, {4, 0, 507, 3, 2}, {4, 0, 512, 4, 3}, {4, 0, 519, 7, 3},
  {4, 0, 529, 5, 3}, {4, 0, 537, 6, 3}, {4, 0, 546, 4, 3}, {4, 0, 553, 4, 3},
  {4, 0, 560, 7, 3}, {4, 0, 570, 8, 3}, {4, 0, 581, 5, 3}, {4, 0, 589, 4, 3},
  {4, 1, 596, 3, 2}, {4, 0, 601, 6, 3}, {4, 0, 610, 6, 3}, {4, 0, 619, 3, 4},
  {4, 0, 626, 5, 3}, {4, 0, 634, 5, 3}, {4, 0, 642, 6, 3}, {4, 0, 651, 3, 2},
  {4, 0, 656, 4, 2}, {4, 0, 662, 10, 3}, {4, 0, 675, 14, 3},
  {4, 0, 692, 16, 3}, {4, 0, 711, 14, 3}, {4, 0, 728, 15, 3},
  {4, 0, 746, 17, 3}, {4, 0, 766, 16, 3}, {4, 0, 785, 15, 3},
  {4, 0, 803, 15, 3}, {4, 0, 821, 4, 2}, {4, 0, 827, 12, 3}, {4, 0, 842, 5, 3},
  {4, 0, 850, 5, 3}, {4, 0, 858, 3, 3}, {4, 0, 864, 6, 3}, {4, 0, 873, 10, 3},
  {4, 0, 886, 5, 3}, {4, 0, 894, 5, 3}, {4, 0, 902, 5, 3}, {4, 0, 910, 5, 3},
  {4, 0, 918, 5, 3}, {4, 0, 926, 4, 4}, {4, 0, 934, 6, 3}, {4, 0, 943, 7, 3},
  {4, 0, 953, 4, 1}, {4, 0, 958, 6, 3}, {4, 0, 967, 8, 3}, {4, 0, 978, 5, 3},
  {4, 0, 986, 6, 3}, {4, 0, 995, 4, 4}, {4, 0, 1003, 3, 3}, {4, 0, 1009, 4, 1},
  {4, 0, 1014, 5, 3}, {4, 0, 1022, 6, 3}, {4, 0, 1031, 6, 3},
  {4, 0, 1040, 6, 3}, {4, 0, 1049, 4, 3}, {4, 0, 1056, 5, 3},
  {4, 0, 1064, 5, 3}, {4, 0, 1072, 8, 3}, {4, 0, 1083, 7, 3},
  {4, 0, 1093, 2, 3}, {4, 0, 1098, 6, 2}, {4, 0, 1106, 5, 3},
  {4, 0, 1114, 2, 3}, {4, 0, 1119, 3, 3}, {4, 0, 1125, 4, 3},
  {4, 0, 1132, 6, 2}, {4, 0, 1140, 5, 3}, {4, 0, 1148, 3, 3},
  {4, 0, 1154, 6, 2}, {4, 0, 1162, 5, 2}, {4, 0, 1169, 4, 3},
  {4, 0, 1176, 5, 3}, {4, 0, 1184, 6, 3}, {4, 0, 1193, 8, 3},
  {4, 0, 1204, 5, 3}, {4, 0, 1212, 3, 2}, {4, 0, 1217, 4, 3},
  {4, 0, 1224, 5, 3}, {4, 0, 1232, 5, 3}, {4, 0, 1240, 5, 3},
  {4, 0, 1248, 6, 3}, {4, 0, 1257, 5, 3}, {4, 0, 1265, 7, 3},
  {4, 1, 1275, 4, 2}, {4, 0, 1281, 4, 1}, {4, 0, 1286, 6, 3},
  {4, 0, 1295, 8, 3}, {4, 0, 1306, 5, 3}, {4, 0, 1314, 4, 3},
  {4, 0, 1321, 3, 4}, {4, 0, 1328, 6, 3}, {4, 0, 1337, 5, 3},
  {4, 0, 1345, 6, 2}, {4, 0, 1353, 4, 2}, {4, 0, 1359, 8, 3},
  {4, 0, 1370, 13, 3}, {4, 1, 1386, 3, 2}, {4, 0, 1391, 5, 2},
  {4, 0, 1398, 6, 2}, {4, 0, 1406, 6, 2}, {4, 0, 1414, 3, 3},
  {4, 0, 1420, 6, 3}, {4, 0, 1429, 4, 3}, {4, 0, 1436, 5, 3},
  {4, 0, 1444, 4, 3}, {4, 0, 1451, 5, 3}, {4, 0, 1459, 4, 3},
  {4, 0, 1466, 5, 3}, {4, 0, 1474, 5, 3}, {4, 0, 1482, 7, 3},
  {4, 0, 1492, 7, 3}, {4, 0, 1502, 5, 3}, {4, 0, 1510, 13, 3},
  {4, 0, 1526, 6, 3}, {4, 0, 1535, 8, 3}, {4, 0, 1546, 4, 3},
  {4, 0, 1553, 5, 3}, {4, 0, 1561, 3, 3}, {4, 0, 1567, 4, 3},
  {4, 0, 1574, 5, 6}, {4, 0, 1585, 6, 2}, {4, 0, 1593, 3, 1},
  {4, 0, 1597, 4, 3}, {4, 0, 1604, 6, 3}, {4, 0, 1613, 4, 4},
  {4, 0, 1621, 6, 3}, {4, 0, 1630, 9, 3}, {4, 0, 1642, 4, 3},
  {4, 0, 1649, 5, 3}, {4, 0, 1657, 6, 6}, {4, 0, 1669, 5, 3},
  {4, 0, 1677, 6, 6}, {4, 0, 1689, 5, 3}, {4, 0, 1697, 6, 3},
  {4, 0, 1706, 8, 3}, {4, 0, 1717, 10, 3}, {4, 0, 1730, 5, 3},
  {4, 0, 1738, 6, 3}, {4, 0, 1747, 8, 3}, {4, 0, 1758, 10, 3},
  {4, 0, 1771, 3, 3}, {4, 0, 1777, 6, 3}, {4, 0, 1786, 6, 3},
  {4, 0, 1795, 4, 3}, {4, 0, 1802, 5, 3}, {4, 0, 1810, 4, 4},
  {4, 0, 1818, 6, 3}, {4, 0, 1827, 6, 3}, {4, 0, 1836, 6, 3},
  {4, 0, 1845, 4, 3}, {4, 0, 1852, 5, 3}, {4, 0, 1860, 15, 2},
  {4, 0, 1877, 11, 2}, {4, 0, 1890, 5, 2}, {4, 0, 1897, 3, 3},
  {4, 0, 1903, 4, 3}, {4, 0, 1910, 6, 3}, {4, 0, 1919, 4, 3},
  {4, 0, 1926, 7, 3}, {4, 0, 1936, 7, 3}, {4, 0, 1946, 5, 3},
  {4, 0, 1954, 5, 3}, {4, 0, 1962, 7, 3}, {4, 0, 1972, 7, 3},
  {4, 0, 1982, 6, 3}, {4, 0, 1991, 8, 3}, {4, 0, 2002, 9, 3},
  {4, 0, 2014, 9, 3}, {4, 0, 2026, 10, 3}, {4, 0, 2039, 6, 3},
  {4, 0, 2048, 6, 3}, {4, 0, 2057, 6, 3}, {4, 0, 2066, 4, 3},
  {4, 0, 2073, 10, 3}, {4, 0, 2086, 11, 3}, {4, 0, 2100, 6, 3},
  {4, 0, 2109, 11, 3}, {4, 0, 2123, 8, 3}, {4, 0, 2134, 8, 3},
  {4, 0, 2145, 7, 3}, {4, 0, 2155, 3, 3}, {4, 0, 2161, 4, 3},
  {4, 0, 2168, 3, 3}, {4, 1, 2174, 4, 2}, {4, 1, 2180, 4, 2},
  {4, 1, 2186, 4, 2}, {4, 0, 2192, 4, 3}, {4, 0, 2199, 6, 3},
  {4, 0, 2208, 7, 3}, {4, 0, 2218, 4, 3}, {4, 0, 2225, 7, 3},
  {4, 0, 2235, 7, 3}, {4, 0, 2245, 7, 3}, {4, 0, 2255, 7, 3},
  {4, 0, 2265, 7, 3}, {4, 0, 2275, 5, 3}, {4, 0, 2283, 5, 3},
  {4, 0, 2291, 7, 3}, {4, 0, 2301, 6, 3}, {4, 0, 2310, 8, 3},
  {4, 0, 2321, 9, 3}, {4, 0, 2333, 9, 3}, {4, 0, 2345, 10, 3},
  {4, 0, 2358, 6, 3}, {4, 0, 2367, 6, 3}, {4, 0, 2376, 6, 3},
  {4, 0, 2385, 5, 3}, {4, 0, 2393, 6, 3}, {4, 0, 2402, 5, 3},
  {4, 0, 2410, 7, 3}, {4, 0, 2420, 6, 3}, {4, 1, 2429, 5, 2},
  {4, 0, 2436, 6, 3}, {4, 0, 2445, 3, 2}, {4, 0, 2450, 4, 3},
  {4, 0, 2457, 6, 2}, {4, 0, 2465, 6, 2}, {4, 0, 2473, 3, 2},
  {4, 0, 2478, 4, 3}, {4, 0, 2485, 6, 3}, {4, 0, 2494, 3, 4},
  {4, 0, 2501, 6, 3}, {4, 0, 2510, 9, 3}, {4, 0, 2522, 5, 2},
  {4, 0, 2529, 8, 2}, {4, 0, 2539, 6, 2}, {4, 0, 2547, 11, 3},
  {4, 0, 2561, 8, 3}, {4, 0, 2572, 6, 3}, {4, 0, 2581, 5, 3},
  {4, 0, 2589, 6, 3}, {4, 1, 2598, 5, 2}, {4, 0, 2605, 5, 2},
  {4, 1, 2612, 5, 2}, {4, 0, 2619, 6, 3}, {4, 0, 2628, 8, 3},
  {4, 0, 2639, 6, 3}, {4, 0, 2648, 4, 3}, {4, 0, 2655, 4, 3},
  {4, 0, 2662, 3, 3}, {4, 0, 2668, 6, 3}, {4, 0, 2677, 6, 3},
  {4, 0, 2686, 4, 4}, {4, 0, 2694, 7, 3}, {4, 0, 2704, 4, 3},
  {4, 0, 2711, 6, 3}, {4, 0, 2720, 5, 3}, {4, 0, 2728, 8, 3},
  {4, 0, 2739, 12, 3}, {4, 0, 2754, 12, 3}, {4, 0, 2769, 14, 3},
  {4, 0, 2786, 9, 3}, {4, 0, 2798, 13, 3}, {4, 0, 2814, 15, 3},
  {4, 0, 2832, 6, 3}, {4, 0, 2841, 4, 3}, {4, 0, 2848, 8, 3},
  {4, 0, 2859, 7, 3}, {4, 0, 2869, 5, 3}, {4, 0, 2877, 7, 3},
  {4, 0, 2887, 8, 3}, {4, 0, 2898, 4, 4}, {4, 0, 2906, 4, 2},
  {4, 0, 2912, 5, 2}, {4, 0, 2919, 6, 2}, {4, 0, 2927, 5, 3},
  {4, 0, 2935, 16, 3}, {4, 0, 2954, 17, 3}, {4, 0, 2974, 4, 3},
  {4, 0, 2981, 4, 3}, {4, 1, 2988, 6, 2}, {4, 0, 2996, 4, 3},
  {4, 0, 3003, 5, 2}, {4, 0, 3010, 6, 2}, {4, 1, 3018, 5, 2},
  {4, 0, 3025, 3, 2}, {4, 0, 3030, 5, 3}, {4, 0, 3038, 6, 2},
  {4, 0, 3046, 5, 3}, {4, 0, 3054, 6, 3}, {4, 0, 3063, 3, 4},
  {4, 1, 3070, 6, 2}, {4, 0, 3078, 5, 3}, {4, 0, 3086, 5, 3},
  {4, 0, 3094, 5, 3}, {4, 0, 3102, 6, 3}, {4, 0, 3111, 8, 3},
  {4, 0, 3122, 6, 3}, {4, 0, 3131, 5, 3}, {4, 0, 3139, 5, 2},
  {4, 1, 3146, 3, 2}, {4, 0, 3151, 5, 2}, {4, 0, 3158, 4, 4},
  {4, 0, 3166, 7, 3}, {4, 0, 3176, 11, 3}, {4, 0, 3190, 13, 3},
  {4, 0, 3206, 14, 3}, {4, 0, 3223, 5, 3}, {4, 0, 3231, 4, 2},
  {4, 0, 3237, 5, 2}, {4, 0, 3244, 7, 2}, {4, 0, 3253, 10, 3},
  {4, 0, 3266, 6, 3}, {4, 0, 3275, 8, 3}, {4, 0, 3286, 6, 3},
  {4, 0, 3295, 5, 2}, {4, 0, 3302, 5, 3}, {4, 0, 3310, 4, 4},
  {4, 0, 3318, 5, 3}, {4, 0, 3326, 6, 2}, {4, 0, 3334, 4, 3},
  {4, 0, 3341, 5, 3}, {4, 0, 3349, 5, 3}, {4, 1, 3357, 4, 2},
  {4, 0, 3363, 7, 3}, {4, 0, 3373, 4, 3}, {4, 0, 3380, 4, 3},
  {4, 0, 3387, 5, 3}, {4, 0, 3395, 5, 3}, {4, 0, 3403, 6, 3},
  {4, 0, 3412, 10, 2}, {4, 0, 3424, 8, 2}, {4, 0, 3434, 10, 3},
  {4, 0, 3447, 6, 2}, {4, 0, 3455, 5, 2}, {4, 0, 3462, 9, 3},
  {4, 0, 3474, 4, 3}, {4, 0, 3481, 6, 2}, {4, 0, 3489, 8, 2},
  {4, 0, 3499, 12, 6}, {4, 0, 3517, 13, 6}, {4, 0, 3536, 12, 6},
  {4, 0, 3554, 13, 6}, {4, 0, 3573, 8, 2}, {4, 0, 3583, 15, 3},
  {4, 0, 3601, 16, 3}, {4, 0, 3620, 3, 2}, {4, 0, 3625, 5, 3},
  {4, 0, 3633, 3, 3}, {4, 0, 3639, 6, 3}, {4, 0, 3648, 5, 3},
  {4, 0, 3656, 6, 3}, {4, 0, 3665, 6, 1}, {4, 0, 3672, 4, 1},
  {4, 0, 3677, 3, 4}, {4, 0, 3684, 5, 3}, {4, 0, 3692, 5, 6},
  {4, 0, 3703, 5, 6}, {4, 0, 3714, 4, 4}, {4, 0, 3722, 5, 3},
  {4, 0, 3730, 5, 3}, {4, 0, 3738, 4, 4}, {4, 0, 3746, 6, 6},
  {4, 0, 3758, 6, 6}, {4, 0, 3770, 6, 6}, {4, 0, 3782, 6, 6},
  {4, 0, 3794, 7, 3}, {4, 0, 3804, 5, 2}, {4, 0, 3811, 6, 3},
  {4, 0, 3820, 5, 3}, {4, 0, 3828, 6, 3}, {4, 0, 3837, 6, 3},
  {4, 0, 3846, 3, 4}, {4, 0, 3853, 4, 4}, {4, 0, 3861, 2, 3},
  {4, 0, 3866, 2, 3}, {4, 0, 3871, 6, 3}, {4, 0, 3880, 4, 4},
  {4, 0, 3888, 4, 3}, {4, 0, 3895, 5, 3}, {4, 0, 3903, 4, 3},
  {4, 0, 3910, 5, 3}, {4, 0, 3918, 3, 4}, {4, 0, 3925, 5, 3},
  {4, 0, 3933, 5, 3}, {4, 0, 3941, 2, 2}, {4, 0, 3945, 5, 3},
  {4, 0, 3953, 5, 3}, {4, 0, 3961, 4, 3}, {4, 0, 3968, 4, 3},
  {4, 0, 3975, 5, 3}, {4, 0, 3983, 4, 4}, {4, 0, 3991, 6, 3}, {5, 0, 0, 6, 3},
  {5, 0, 9, 5, 3}, {5, 0, 17, 5, 3}, {5, 0, 25, 4, 4}, {5, 0, 33, 6, 3},
  {5, 0, 42, 6, 3}, {5, 0, 51, 5, 3}, {5, 0, 59, 4, 3}, {5, 0, 66, 6, 3},
  {5, 1, 75, 6, 2}, {5, 0, 83, 4, 2}, {5, 0, 89, 5, 2}, {5, 0, 96, 3, 2},
  {5, 1, 101, 3, 2}, {5, 0, 106, 3, 4}, {5, 0, 113, 4, 2}, {5, 0, 119, 4, 4},
  {5, 0, 127, 4, 4}, {5, 0, 135, 4, 2}, {5, 1, 141, 4, 2}, {5, 0, 147, 6, 2},
  {5, 0, 155, 6, 2}, {5, 0, 163, 3, 2}, {5, 0, 168, 4, 2}, {5, 0, 174, 6, 3},
  {5, 0, 183, 4, 2}, {5, 0, 189, 3, 4}, {5, 0, 196, 4, 2}, {5, 0, 202, 7, 3},
  {5, 0, 212, 4, 4}, {5, 0, 220, 4, 4}, {5, 0, 228, 3, 3}, {5, 0, 234, 4, 3}
};

int pop3_entity_find (const char *name, size_t n, pop3_span *text) {
  size_t low = 0, high = sizeof rows / sizeof rows[0];
  while (low < high) {
    size_t mid = (low + high) / 2;
    const row *r = &rows[mid];
    const char *p = chunks[r->chunk] + r->at;
    int d = memcmp(p, name, r->nname < n ? r->nname : n);
    if (d == 0 && r->nname == n) {
      text->p = p + n;
      text->n = r->ntext;
      return r->legacy ? 2 : 1;
    }
    if (d < 0 || (d == 0 && r->nname < n)) low = mid + 1;
    else high = mid;
  }
  return 0;
}
