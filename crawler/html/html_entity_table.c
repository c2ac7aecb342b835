/* Made by scripts/make_html_entities.py: do not edit. */
#include "crawler/html/html_entity_table.h"

/* clang-format off */
const char html_entity_names[] =
    "AEligAElig;AMPAMP;AacuteAacute;Abreve;AcircAcirc;Acy;Afr;AgraveAgrave;Al"
    "pha;Amacr;And;Aogon;Aopf;ApplyFunction;AringAring;Ascr;Assign;AtildeAtil"
    "de;AumlAuml;Backslash;Barv;Barwed;Bcy;Because;Bernoullis;Beta;Bfr;Bopf;B"
    "reve;Bscr;Bumpeq;CHcy;COPYCOPY;Cacute;Cap;CapitalDifferentialD;Cayleys;C"
    "caron;CcedilCcedil;Ccirc;Cconint;Cdot;Cedilla;CenterDot;Cfr;Chi;CircleDo"
    "t;CircleMinus;CirclePlus;CircleTimes;ClockwiseContourIntegral;CloseCurly"
    "DoubleQuote;CloseCurlyQuote;Colon;Colone;Congruent;Conint;ContourIntegra"
    "l;Copf;Coproduct;CounterClockwiseContourIntegral;Cross;Cscr;Cup;CupCap;D"
    "D;DDotrahd;DJcy;DScy;DZcy;Dagger;Darr;Dashv;Dcaron;Dcy;Del;Delta;Dfr;Dia"
    "criticalAcute;DiacriticalDot;DiacriticalDoubleAcute;DiacriticalGrave;Dia"
    "criticalTilde;Diamond;DifferentialD;Dopf;Dot;DotDot;DotEqual;DoubleConto"
    "urIntegral;DoubleDot;DoubleDownArrow;DoubleLeftArrow;DoubleLeftRightArro"
    "w;DoubleLeftTee;DoubleLongLeftArrow;DoubleLongLeftRightArrow;DoubleLongR"
    "ightArrow;DoubleRightArrow;DoubleRightTee;DoubleUpArrow;DoubleUpDownArro"
    "w;DoubleVerticalBar;DownArrow;DownArrowBar;DownArrowUpArrow;DownBreve;Do"
    "wnLeftRightVector;DownLeftTeeVector;DownLeftVector;DownLeftVectorBar;Dow"
    "nRightTeeVector;DownRightVector;DownRightVectorBar;DownTee;DownTeeArrow;"
    "Downarrow;Dscr;Dstrok;ENG;ETHETH;EacuteEacute;Ecaron;EcircEcirc;Ecy;Edot"
    ";Efr;EgraveEgrave;Element;Emacr;EmptySmallSquare;EmptyVerySmallSquare;Eo"
    "gon;Eopf;Epsilon;Equal;EqualTilde;Equilibrium;Escr;Esim;Eta;EumlEuml;Exi"
    "sts;ExponentialE;Fcy;Ffr;FilledSmallSquare;FilledVerySmallSquare;Fopf;Fo"
    "rAll;Fouriertrf;Fscr;GJcy;GTGT;Gamma;Gammad;Gbreve;Gcedil;Gcirc;Gcy;Gdot"
    ";Gfr;Gg;Gopf;GreaterEqual;GreaterEqualLess;GreaterFullEqual;GreaterGreat"
    "er;GreaterLess;GreaterSlantEqual;GreaterTilde;Gscr;Gt;HARDcy;Hacek;Hat;H"
    "circ;Hfr;HilbertSpace;Hopf;HorizontalLine;Hscr;Hstrok;HumpDownHump;HumpE"
    "qual;IEcy;IJlig;IOcy;IacuteIacute;IcircIcirc;Icy;Idot;Ifr;IgraveIgrave;I"
    "m;Imacr;ImaginaryI;Implies;Int;Integral;Intersection;InvisibleComma;Invi"
    "sibleTimes;Iogon;Iopf;Iota;Iscr;Itilde;Iukcy;IumlIuml;Jcirc;Jcy;Jfr;Jopf"
    ";Jscr;Jsercy;Jukcy;KHcy;KJcy;Kappa;Kcedil;Kcy;Kfr;Kopf;Kscr;LJcy;LTLT;La"
    "cute;Lambda;Lang;Laplacetrf;Larr;Lcaron;Lcedil;Lcy;LeftAngleBracket;Left"
    "Arrow;LeftArrowBar;LeftArrowRightArrow;LeftCeiling;LeftDoubleBracket;Lef"
    "tDownTeeVector;LeftDownVector;LeftDownVectorBar;LeftFloor;LeftRightArrow"
    ";LeftRightVector;LeftTee;LeftTeeArrow;LeftTeeVector;LeftTriangle;LeftTri"
    "angleBar;LeftTriangleEqual;LeftUpDownVector;LeftUpTeeVector;LeftUpVector"
    ";LeftUpVectorBar;LeftVector;LeftVectorBar;Leftarrow;Leftrightarrow;LessE"
    "qualGreater;LessFullEqual;LessGreater;LessLess;LessSlantEqual;LessTilde;"
    "Lfr;Ll;Lleftarrow;Lmidot;LongLeftArrow;LongLeftRightArrow;LongRightArrow"
    ";Longleftarrow;Longleftrightarrow;Longrightarrow;Lopf;LowerLeftArrow;Low"
    "erRightArrow;Lscr;Lsh;Lstrok;Lt;Map;Mcy;MediumSpace;Mellintrf;Mfr;MinusP"
    "lus;Mopf;Mscr;Mu;NJcy;Nacute;Ncaron;Ncedil;Ncy;NegativeMediumSpace;Negat"
    "iveThickSpace;NegativeThinSpace;NegativeVeryThinSpace;NestedGreaterGreat"
    "er;NestedLessLess;NewLine;Nfr;NoBreak;NonBreakingSpace;Nopf;Not;NotCongr"
    "uent;NotCupCap;NotDoubleVerticalBar;NotElement;NotEqual;NotEqualTilde;No"
    "tExists;NotGreater;NotGreaterEqual;NotGreaterFullEqual;NotGreaterGreater"
    ";NotGreaterLess;NotGreaterSlantEqual;NotGreaterTilde;NotHumpDownHump;Not"
    "HumpEqual;NotLeftTriangle;NotLeftTriangleBar;NotLeftTriangleEqual;NotLes"
    "s;NotLessEqual;NotLessGreater;NotLessLess;NotLessSlantEqual;NotLessTilde"
    ";NotNestedGreaterGreater;NotNestedLessLess;NotPrecedes;NotPrecedesEqual;"
    "NotPrecedesSlantEqual;NotReverseElement;NotRightTriangle;NotRightTriangl"
    "eBar;NotRightTriangleEqual;NotSquareSubset;NotSquareSubsetEqual;NotSquar"
    "eSuperset;NotSquareSupersetEqual;NotSubset;NotSubsetEqual;NotSucceeds;No"
    "tSucceedsEqual;NotSucceedsSlantEqual;NotSucceedsTilde;NotSuperset;NotSup"
    "ersetEqual;NotTilde;NotTildeEqual;NotTildeFullEqual;NotTildeTilde;NotVer"
    "ticalBar;Nscr;NtildeNtilde;Nu;OElig;OacuteOacute;OcircOcirc;Ocy;Odblac;O"
    "fr;OgraveOgrave;Omacr;Omega;Omicron;Oopf;OpenCurlyDoubleQuote;OpenCurlyQ"
    "uote;Or;Oscr;OslashOslash;OtildeOtilde;Otimes;OumlOuml;OverBar;OverBrace"
    ";OverBracket;OverParenthesis;PartialD;Pcy;Pfr;Phi;Pi;PlusMinus;Poincarep"
    "lane;Popf;Pr;Precedes;PrecedesEqual;PrecedesSlantEqual;PrecedesTilde;Pri"
    "me;Product;Proportion;Proportional;Pscr;Psi;QUOTQUOT;Qfr;Qopf;Qscr;RBarr"
    ";REGREG;Racute;Rang;Rarr;Rarrtl;Rcaron;Rcedil;Rcy;Re;ReverseElement;Reve"
    "rseEquilibrium;ReverseUpEquilibrium;Rfr;Rho;RightAngleBracket;RightArrow"
    ";RightArrowBar;RightArrowLeftArrow;RightCeiling;RightDoubleBracket;Right"
    "DownTeeVector;RightDownVector;RightDownVectorBar;RightFloor;RightTee;Rig"
    "htTeeArrow;RightTeeVector;RightTriangle;RightTriangleBar;RightTriangleEq"
    "ual;RightUpDownVector;RightUpTeeVector;RightUpVector;RightUpVectorBar;Ri"
    "ghtVector;RightVectorBar;Rightarrow;Ropf;RoundImplies;Rrightarrow;Rscr;R"
    "sh;RuleDelayed;SHCHcy;SHcy;SOFTcy;Sacute;Sc;Scaron;Scedil;Scirc;Scy;Sfr;"
    "ShortDownArrow;ShortLeftArrow;ShortRightArrow;ShortUpArrow;Sigma;SmallCi"
    "rcle;Sopf;Sqrt;Square;SquareIntersection;SquareSubset;SquareSubsetEqual;"
    "SquareSuperset;SquareSupersetEqual;SquareUnion;Sscr;Star;Sub;Subset;Subs"
    "etEqual;Succeeds;SucceedsEqual;SucceedsSlantEqual;SucceedsTilde;SuchThat"
    ";Sum;Sup;Superset;SupersetEqual;Supset;THORNTHORN;TRADE;TSHcy;TScy;Tab;T"
    "au;Tcaron;Tcedil;Tcy;Tfr;Therefore;Theta;ThickSpace;ThinSpace;Tilde;Tild"
    "eEqual;TildeFullEqual;TildeTilde;Topf;TripleDot;Tscr;Tstrok;UacuteUacute"
    ";Uarr;Uarrocir;Ubrcy;Ubreve;UcircUcirc;Ucy;Udblac;Ufr;UgraveUgrave;Umacr"
    ";UnderBar;UnderBrace;UnderBracket;UnderParenthesis;Union;UnionPlus;Uogon"
    ";Uopf;UpArrow;UpArrowBar;UpArrowDownArrow;UpDownArrow;UpEquilibrium;UpTe"
    "e;UpTeeArrow;Uparrow;Updownarrow;UpperLeftArrow;UpperRightArrow;Upsi;Ups"
    "ilon;Uring;Uscr;Utilde;UumlUuml;VDash;Vbar;Vcy;Vdash;Vdashl;Vee;Verbar;V"
    "ert;VerticalBar;VerticalLine;VerticalSeparator;VerticalTilde;VeryThinSpa"
    "ce;Vfr;Vopf;Vscr;Vvdash;Wcirc;Wedge;Wfr;Wopf;Wscr;Xfr;Xi;Xopf;Xscr;YAcy;"
    "YIcy;YUcy;YacuteYacute;Ycirc;Ycy;Yfr;Yopf;Yscr;Yuml;ZHcy;Zacute;Zcaron;Z"
    "cy;Zdot;ZeroWidthSpace;Zeta;Zfr;Zopf;Zscr;aacuteaacute;abreve;ac;acE;acd"
    ";acircacirc;acuteacute;acy;aeligaelig;af;afr;agraveagrave;alefsym;aleph;"
    "alpha;amacr;amalg;ampamp;and;andand;andd;andslope;andv;ang;ange;angle;an"
    "gmsd;angmsdaa;angmsdab;angmsdac;angmsdad;angmsdae;angmsdaf;angmsdag;angm"
    "sdah;angrt;angrtvb;angrtvbd;angsph;angst;angzarr;aogon;aopf;ap;apE;apaci"
    "r;ape;apid;apos;approx;approxeq;aringaring;ascr;ast;asymp;asympeq;atilde"
    "atilde;aumlauml;awconint;awint;bNot;backcong;backepsilon;backprime;backs"
    "im;backsimeq;barvee;barwed;barwedge;bbrk;bbrktbrk;bcong;bcy;bdquo;becaus"
    ";because;bemptyv;bepsi;bernou;beta;beth;between;bfr;bigcap;bigcirc;bigcu"
    "p;bigodot;bigoplus;bigotimes;bigsqcup;bigstar;bigtriangledown;bigtriangl"
    "eup;biguplus;bigvee;bigwedge;bkarow;blacklozenge;blacksquare;blacktriang"
    "le;blacktriangledown;blacktriangleleft;blacktriangleright;blank;blk12;bl"
    "k14;blk34;block;bne;bnequiv;bnot;bopf;bot;bottom;bowtie;boxDL;boxDR;boxD"
    "l;boxDr;boxH;boxHD;boxHU;boxHd;boxHu;boxUL;boxUR;boxUl;boxUr;boxV;boxVH;"
    "boxVL;boxVR;boxVh;boxVl;boxVr;boxbox;boxdL;boxdR;boxdl;boxdr;boxh;boxhD;"
    "boxhU;boxhd;boxhu;boxminus;boxplus;boxtimes;boxuL;boxuR;boxul;boxur;boxv"
    ";boxvH;boxvL;boxvR;boxvh;boxvl;boxvr;bprime;breve;brvbarbrvbar;bscr;bsem"
    "i;bsim;bsime;bsol;bsolb;bsolhsub;bull;bullet;bump;bumpE;bumpe;bumpeq;cac"
    "ute;cap;capand;capbrcup;capcap;capcup;capdot;caps;caret;caron;ccaps;ccar"
    "on;ccedilccedil;ccirc;ccups;ccupssm;cdot;cedilcedil;cemptyv;centcent;cen"
    "terdot;cfr;chcy;check;checkmark;chi;cir;cirE;circ;circeq;circlearrowleft"
    ";circlearrowright;circledR;circledS;circledast;circledcirc;circleddash;c"
    "ire;cirfnint;cirmid;cirscir;clubs;clubsuit;colon;colone;coloneq;comma;co"
    "mmat;comp;compfn;complement;complexes;cong;congdot;conint;copf;coprod;co"
    "pycopy;copysr;crarr;cross;cscr;csub;csube;csup;csupe;ctdot;cudarrl;cudar"
    "rr;cuepr;cuesc;cularr;cularrp;cup;cupbrcap;cupcap;cupcup;cupdot;cupor;cu"
    "ps;curarr;curarrm;curlyeqprec;curlyeqsucc;curlyvee;curlywedge;currencurr"
    "en;curvearrowleft;curvearrowright;cuvee;cuwed;cwconint;cwint;cylcty;dArr"
    ";dHar;dagger;daleth;darr;dash;dashv;dbkarow;dblac;dcaron;dcy;dd;ddagger;"
    "ddarr;ddotseq;degdeg;delta;demptyv;dfisht;dfr;dharl;dharr;diam;diamond;d"
    "iamondsuit;diams;die;digamma;disin;div;dividedivide;divideontimes;divonx"
    ";djcy;dlcorn;dlcrop;dollar;dopf;dot;doteq;doteqdot;dotminus;dotplus;dots"
    "quare;doublebarwedge;downarrow;downdownarrows;downharpoonleft;downharpoo"
    "nright;drbkarow;drcorn;drcrop;dscr;dscy;dsol;dstrok;dtdot;dtri;dtrif;dua"
    "rr;duhar;dwangle;dzcy;dzigrarr;eDDot;eDot;eacuteeacute;easter;ecaron;eci"
    "r;ecircecirc;ecolon;ecy;edot;ee;efDot;efr;eg;egraveegrave;egs;egsdot;el;"
    "elinters;ell;els;elsdot;emacr;empty;emptyset;emptyv;emsp13;emsp14;emsp;e"
    "ng;ensp;eogon;eopf;epar;eparsl;eplus;epsi;epsilon;epsiv;eqcirc;eqcolon;e"
    "qsim;eqslantgtr;eqslantless;equals;equest;equiv;equivDD;eqvparsl;erDot;e"
    "rarr;escr;esdot;esim;eta;etheth;eumleuml;euro;excl;exist;expectation;exp"
    "onentiale;fallingdotseq;fcy;female;ffilig;fflig;ffllig;ffr;filig;fjlig;f"
    "lat;fllig;fltns;fnof;fopf;forall;fork;forkv;fpartint;frac12frac12;frac13"
    ";frac14frac14;frac15;frac16;frac18;frac23;frac25;frac34frac34;frac35;fra"
    "c38;frac45;frac56;frac58;frac78;frasl;frown;fscr;gE;gEl;gacute;gamma;gam"
    "mad;gap;gbreve;gcirc;gcy;gdot;ge;gel;geq;geqq;geqslant;ges;gescc;gesdot;"
    "gesdoto;gesdotol;gesl;gesles;gfr;gg;ggg;gimel;gjcy;gl;glE;gla;glj;gnE;gn"
    "ap;gnapprox;gne;gneq;gneqq;gnsim;gopf;grave;gscr;gsim;gsime;gsiml;gtgt;g"
    "tcc;gtcir;gtdot;gtlPar;gtquest;gtrapprox;gtrarr;gtrdot;gtreqless;gtreqql"
    "ess;gtrless;gtrsim;gvertneqq;gvnE;hArr;hairsp;half;hamilt;hardcy;harr;ha"
    "rrcir;harrw;hbar;hcirc;hearts;heartsuit;hellip;hercon;hfr;hksearow;hkswa"
    "row;hoarr;homtht;hookleftarrow;hookrightarrow;hopf;horbar;hscr;hslash;hs"
    "trok;hybull;hyphen;iacuteiacute;ic;icircicirc;icy;iecy;iexcliexcl;iff;if"
    "r;igraveigrave;ii;iiiint;iiint;iinfin;iiota;ijlig;imacr;image;imagline;i"
    "magpart;imath;imof;imped;in;incare;infin;infintie;inodot;int;intcal;inte"
    "gers;intercal;intlarhk;intprod;iocy;iogon;iopf;iota;iprod;iquestiquest;i"
    "scr;isin;isinE;isindot;isins;isinsv;isinv;it;itilde;iukcy;iumliuml;jcirc"
    ";jcy;jfr;jmath;jopf;jscr;jsercy;jukcy;kappa;kappav;kcedil;kcy;kfr;kgreen"
    ";khcy;kjcy;kopf;kscr;lAarr;lArr;lAtail;lBarr;lE;lEg;lHar;lacute;laemptyv"
    ";lagran;lambda;lang;langd;langle;lap;laquolaquo;larr;larrb;larrbfs;larrf"
    "s;larrhk;larrlp;larrpl;larrsim;larrtl;lat;latail;late;lates;lbarr;lbbrk;"
    "lbrace;lbrack;lbrke;lbrksld;lbrkslu;lcaron;lcedil;lceil;lcub;lcy;ldca;ld"
    "quo;ldquor;ldrdhar;ldrushar;ldsh;le;leftarrow;leftarrowtail;leftharpoond"
    "own;leftharpoonup;leftleftarrows;leftrightarrow;leftrightarrows;leftrigh"
    "tharpoons;leftrightsquigarrow;leftthreetimes;leg;leq;leqq;leqslant;les;l"
    "escc;lesdot;lesdoto;lesdotor;lesg;lesges;lessapprox;lessdot;lesseqgtr;le"
    "sseqqgtr;lessgtr;lesssim;lfisht;lfloor;lfr;lg;lgE;lhard;lharu;lharul;lhb"
    "lk;ljcy;ll;llarr;llcorner;llhard;lltri;lmidot;lmoust;lmoustache;lnE;lnap"
    ";lnapprox;lne;lneq;lneqq;lnsim;loang;loarr;lobrk;longleftarrow;longleftr"
    "ightarrow;longmapsto;longrightarrow;looparrowleft;looparrowright;lopar;l"
    "opf;loplus;lotimes;lowast;lowbar;loz;lozenge;lozf;lpar;lparlt;lrarr;lrco"
    "rner;lrhar;lrhard;lrm;lrtri;lsaquo;lscr;lsh;lsim;lsime;lsimg;lsqb;lsquo;"
    "lsquor;lstrok;ltlt;ltcc;ltcir;ltdot;lthree;ltimes;ltlarr;ltquest;ltrPar;"
    "ltri;ltrie;ltrif;lurdshar;luruhar;lvertneqq;lvnE;mDDot;macrmacr;male;mal"
    "t;maltese;map;mapsto;mapstodown;mapstoleft;mapstoup;marker;mcomma;mcy;md"
    "ash;measuredangle;mfr;mho;micromicro;mid;midast;midcir;middotmiddot;minu"
    "s;minusb;minusd;minusdu;mlcp;mldr;mnplus;models;mopf;mp;mscr;mstpos;mu;m"
    "ultimap;mumap;nGg;nGt;nGtv;nLeftarrow;nLeftrightarrow;nLl;nLt;nLtv;nRigh"
    "tarrow;nVDash;nVdash;nabla;nacute;nang;nap;napE;napid;napos;napprox;natu"
    "r;natural;naturals;nbspnbsp;nbump;nbumpe;ncap;ncaron;ncedil;ncong;ncongd"
    "ot;ncup;ncy;ndash;ne;neArr;nearhk;nearr;nearrow;nedot;nequiv;nesear;nesi"
    "m;nexist;nexists;nfr;ngE;nge;ngeq;ngeqq;ngeqslant;nges;ngsim;ngt;ngtr;nh"
    "Arr;nharr;nhpar;ni;nis;nisd;niv;njcy;nlArr;nlE;nlarr;nldr;nle;nleftarrow"
    ";nleftrightarrow;nleq;nleqq;nleqslant;nles;nless;nlsim;nlt;nltri;nltrie;"
    "nmid;nopf;notnot;notin;notinE;notindot;notinva;notinvb;notinvc;notni;not"
    "niva;notnivb;notnivc;npar;nparallel;nparsl;npart;npolint;npr;nprcue;npre"
    ";nprec;npreceq;nrArr;nrarr;nrarrc;nrarrw;nrightarrow;nrtri;nrtrie;nsc;ns"
    "ccue;nsce;nscr;nshortmid;nshortparallel;nsim;nsime;nsimeq;nsmid;nspar;ns"
    "qsube;nsqsupe;nsub;nsubE;nsube;nsubset;nsubseteq;nsubseteqq;nsucc;nsucce"
    "q;nsup;nsupE;nsupe;nsupset;nsupseteq;nsupseteqq;ntgl;ntildentilde;ntlg;n"
    "triangleleft;ntrianglelefteq;ntriangleright;ntrianglerighteq;nu;num;nume"
    "ro;numsp;nvDash;nvHarr;nvap;nvdash;nvge;nvgt;nvinfin;nvlArr;nvle;nvlt;nv"
    "ltrie;nvrArr;nvrtrie;nvsim;nwArr;nwarhk;nwarr;nwarrow;nwnear;oS;oacuteoa"
    "cute;oast;ocir;ocircocirc;ocy;odash;odblac;odiv;odot;odsold;oelig;ofcir;"
    "ofr;ogon;ograveograve;ogt;ohbar;ohm;oint;olarr;olcir;olcross;oline;olt;o"
    "macr;omega;omicron;omid;ominus;oopf;opar;operp;oplus;or;orarr;ord;order;"
    "orderof;ordfordf;ordmordm;origof;oror;orslope;orv;oscr;oslashoslash;osol"
    ";otildeotilde;otimes;otimesas;oumlouml;ovbar;par;parapara;parallel;parsi"
    "m;parsl;part;pcy;percnt;period;permil;perp;pertenk;pfr;phi;phiv;phmmat;p"
    "hone;pi;pitchfork;piv;planck;planckh;plankv;plus;plusacir;plusb;pluscir;"
    "plusdo;plusdu;pluse;plusmnplusmn;plussim;plustwo;pm;pointint;popf;poundp"
    "ound;pr;prE;prap;prcue;pre;prec;precapprox;preccurlyeq;preceq;precnappro"
    "x;precneqq;precnsim;precsim;prime;primes;prnE;prnap;prnsim;prod;profalar"
    ";profline;profsurf;prop;propto;prsim;prurel;pscr;psi;puncsp;qfr;qint;qop"
    "f;qprime;qscr;quaternions;quatint;quest;questeq;quotquot;rAarr;rArr;rAta"
    "il;rBarr;rHar;race;racute;radic;raemptyv;rang;rangd;range;rangle;raquora"
    "quo;rarr;rarrap;rarrb;rarrbfs;rarrc;rarrfs;rarrhk;rarrlp;rarrpl;rarrsim;"
    "rarrtl;rarrw;ratail;ratio;rationals;rbarr;rbbrk;rbrace;rbrack;rbrke;rbrk"
    "sld;rbrkslu;rcaron;rcedil;rceil;rcub;rcy;rdca;rdldhar;rdquo;rdquor;rdsh;"
    "real;realine;realpart;reals;rect;regreg;rfisht;rfloor;rfr;rhard;rharu;rh"
    "arul;rho;rhov;rightarrow;rightarrowtail;rightharpoondown;rightharpoonup;"
    "rightleftarrows;rightleftharpoons;rightrightarrows;rightsquigarrow;right"
    "threetimes;ring;risingdotseq;rlarr;rlhar;rlm;rmoust;rmoustache;rnmid;roa"
    "ng;roarr;robrk;ropar;ropf;roplus;rotimes;rpar;rpargt;rppolint;rrarr;rsaq"
    "uo;rscr;rsh;rsqb;rsquo;rsquor;rthree;rtimes;rtri;rtrie;rtrif;rtriltri;ru"
    "luhar;rx;sacute;sbquo;sc;scE;scap;scaron;sccue;sce;scedil;scirc;scnE;scn"
    "ap;scnsim;scpolint;scsim;scy;sdot;sdotb;sdote;seArr;searhk;searr;searrow"
    ";sectsect;semi;seswar;setminus;setmn;sext;sfr;sfrown;sharp;shchcy;shcy;s"
    "hortmid;shortparallel;shyshy;sigma;sigmaf;sigmav;sim;simdot;sime;simeq;s"
    "img;simgE;siml;simlE;simne;simplus;simrarr;slarr;smallsetminus;smashp;sm"
    "eparsl;smid;smile;smt;smte;smtes;softcy;sol;solb;solbar;sopf;spades;spad"
    "esuit;spar;sqcap;sqcaps;sqcup;sqcups;sqsub;sqsube;sqsubset;sqsubseteq;sq"
    "sup;sqsupe;sqsupset;sqsupseteq;squ;square;squarf;squf;srarr;sscr;ssetmn;"
    "ssmile;sstarf;star;starf;straightepsilon;straightphi;strns;sub;subE;subd"
    "ot;sube;subedot;submult;subnE;subne;subplus;subrarr;subset;subseteq;subs"
    "eteqq;subsetneq;subsetneqq;subsim;subsub;subsup;succ;succapprox;succcurl"
    "yeq;succeq;succnapprox;succneqq;succnsim;succsim;sum;sung;sup1sup1;sup2s"
    "up2;sup3sup3;sup;supE;supdot;supdsub;supe;supedot;suphsol;suphsub;suplar"
    "r;supmult;supnE;supne;supplus;supset;supseteq;supseteqq;supsetneq;supset"
    "neqq;supsim;supsub;supsup;swArr;swarhk;swarr;swarrow;swnwar;szligszlig;t"
    "arget;tau;tbrk;tcaron;tcedil;tcy;tdot;telrec;tfr;there4;therefore;theta;"
    "thetasym;thetav;thickapprox;thicksim;thinsp;thkap;thksim;thornthorn;tild"
    "e;timestimes;timesb;timesbar;timesd;tint;toea;top;topbot;topcir;topf;top"
    "fork;tosa;tprime;trade;triangle;triangledown;triangleleft;trianglelefteq"
    ";triangleq;triangleright;trianglerighteq;tridot;trie;triminus;triplus;tr"
    "isb;tritime;trpezium;tscr;tscy;tshcy;tstrok;twixt;twoheadleftarrow;twohe"
    "adrightarrow;uArr;uHar;uacuteuacute;uarr;ubrcy;ubreve;ucircucirc;ucy;uda"
    "rr;udblac;udhar;ufisht;ufr;ugraveugrave;uharl;uharr;uhblk;ulcorn;ulcorne"
    "r;ulcrop;ultri;umacr;umluml;uogon;uopf;uparrow;updownarrow;upharpoonleft"
    ";upharpoonright;uplus;upsi;upsih;upsilon;upuparrows;urcorn;urcorner;urcr"
    "op;uring;urtri;uscr;utdot;utilde;utri;utrif;uuarr;uumluuml;uwangle;vArr;"
    "vBar;vBarv;vDash;vangrt;varepsilon;varkappa;varnothing;varphi;varpi;varp"
    "ropto;varr;varrho;varsigma;varsubsetneq;varsubsetneqq;varsupsetneq;varsu"
    "psetneqq;vartheta;vartriangleleft;vartriangleright;vcy;vdash;vee;veebar;"
    "veeeq;vellip;verbar;vert;vfr;vltri;vnsub;vnsup;vopf;vprop;vrtri;vscr;vsu"
    "bnE;vsubne;vsupnE;vsupne;vzigzag;wcirc;wedbar;wedge;wedgeq;weierp;wfr;wo"
    "pf;wp;wr;wreath;wscr;xcap;xcirc;xcup;xdtri;xfr;xhArr;xharr;xi;xlArr;xlar"
    "r;xmap;xnis;xodot;xopf;xoplus;xotime;xrArr;xrarr;xscr;xsqcup;xuplus;xutr"
    "i;xvee;xwedge;yacuteyacute;yacy;ycirc;ycy;yenyen;yfr;yicy;yopf;yscr;yucy"
    ";yumlyuml;zacute;zcaron;zcy;zdot;zeetrf;zeta;zfr;zhcy;zigrarr;zopf;zscr;"
    "zwj;zwnj;";

const char html_entity_texts[] =
    "\342\201\237\342\200\212\342\210\240\342\203\222\342\210\251\357\270\200"
    "\342\210\252\357\270\200\342\210\274\342\203\222\342\211\215\342\203\222"
    "\342\211\241\342\203\245\342\211\244\342\203\222\342\211\245\342\203\222"
    "\342\211\250\357\270\200\342\211\251\357\270\200\342\211\252\342\203\222"
    "\342\211\253\342\203\222\342\212\202\342\203\222\342\212\203\342\203\222"
    "\342\212\212\357\270\200\342\212\213\357\270\200\342\212\223\357\270\200"
    "\342\212\224\357\270\200\342\212\264\342\203\222\342\212\265\342\203\222"
    "\342\213\232\357\270\200\342\213\233\357\270\200\342\252\254\357\270\200"
    "\342\252\255\357\270\200\342\253\213\357\270\200\342\253\214\357\270\200"
    "\342\253\275\342\203\245\342\206\235\314\270\342\210\202\314\270\342\210"
    "\275\314\261\342\210\276\314\263\342\211\202\314\270\342\211\213\314\270"
    "\342\211\216\314\270\342\211\217\314\270\342\211\220\314\270\342\211\246"
    "\314\270\342\211\247\314\270\342\211\252\314\270\342\211\253\314\270\342"
    "\211\277\314\270\342\212\217\314\270\342\212\220\314\270\342\213\230\314"
    "\270\342\213\231\314\270\342\213\265\314\270\342\213\271\314\270\342\244"
    "\263\314\270\342\247\217\314\270\342\247\220\314\270\342\251\255\314\270"
    "\342\251\260\314\270\342\251\275\314\270\342\251\276\314\270\342\252\241"
    "\314\270\342\252\242\314\270\342\252\257\314\270\342\252\260\314\270\342"
    "\253\205\314\270\342\253\206\314\270<\342\203\222=\342\203\245>\342\203"
    "\222\360\235\222\234\360\235\222\236\360\235\222\237\360\235\222\242\360"
    "\235\222\245\360\235\222\246\360\235\222\251\360\235\222\252\360\235\222"
    "\253\360\235\222\254\360\235\222\256\360\235\222\257\360\235\222\260\360"
    "\235\222\261\360\235\222\262\360\235\222\263\360\235\222\264\360\235\222"
    "\265\360\235\222\266\360\235\222\267\360\235\222\270\360\235\222\271\360"
    "\235\222\273\360\235\222\275\360\235\222\276\360\235\222\277\360\235\223"
    "\200\360\235\223\201\360\235\223\202\360\235\223\203\360\235\223\205\360"
    "\235\223\206\360\235\223\207\360\235\223\210\360\235\223\211\360\235\223"
    "\212\360\235\223\213\360\235\223\214\360\235\223\215\360\235\223\216\360"
    "\235\223\217\360\235\224\204\360\235\224\205\360\235\224\207\360\235\224"
    "\210\360\235\224\211\360\235\224\212\360\235\224\215\360\235\224\216\360"
    "\235\224\217\360\235\224\220\360\235\224\221\360\235\224\222\360\235\224"
    "\223\360\235\224\224\360\235\224\226\360\235\224\227\360\235\224\230\360"
    "\235\224\231\360\235\224\232\360\235\224\233\360\235\224\234\360\235\224"
    "\236\360\235\224\237\360\235\224\240\360\235\224\241\360\235\224\242\360"
    "\235\224\243\360\235\224\244\360\235\224\245\360\235\224\246\360\235\224"
    "\247\360\235\224\250\360\235\224\251\360\235\224\252\360\235\224\253\360"
    "\235\224\254\360\235\224\255\360\235\224\256\360\235\224\257\360\235\224"
    "\260\360\235\224\261\360\235\224\262\360\235\224\263\360\235\224\264\360"
    "\235\224\265\360\235\224\266\360\235\224\267\360\235\224\270\360\235\224"
    "\271\360\235\224\273\360\235\224\274\360\235\224\275\360\235\224\276\360"
    "\235\225\200\360\235\225\201\360\235\225\202\360\235\225\203\360\235\225"
    "\204\360\235\225\206\360\235\225\212\360\235\225\213\360\235\225\214\360"
    "\235\225\215\360\235\225\216\360\235\225\217\360\235\225\220\360\235\225"
    "\222\360\235\225\223\360\235\225\224\360\235\225\225\360\235\225\226\360"
    "\235\225\227\360\235\225\230\360\235\225\231\360\235\225\232\360\235\225"
    "\233\360\235\225\234\360\235\225\235\360\235\225\236\360\235\225\237\360"
    "\235\225\240\360\235\225\241\360\235\225\242\360\235\225\243\360\235\225"
    "\244\360\235\225\245\360\235\225\246\360\235\225\247\360\235\225\250\360"
    "\235\225\251\360\235\225\252\360\235\225\253\342\200\202\342\200\203\342"
    "\200\204\342\200\205\342\200\207\342\200\210\342\200\211\342\200\213\342"
    "\200\214\342\200\215\342\200\216\342\200\217\342\200\220\342\200\223\342"
    "\200\224\342\200\225\342\200\226\342\200\230\342\200\231\342\200\232\342"
    "\200\234\342\200\235\342\200\236\342\200\240\342\200\241\342\200\242\342"
    "\200\245\342\200\246\342\200\260\342\200\261\342\200\262\342\200\263\342"
    "\200\264\342\200\265\342\200\271\342\200\272\342\200\276\342\201\201\342"
    "\201\203\342\201\204\342\201\217\342\201\227\342\201\240\342\201\241\342"
    "\201\242\342\201\243\342\202\254\342\203\233\342\203\234\342\204\202\342"
    "\204\205\342\204\212\342\204\213\342\204\214\342\204\215\342\204\216\342"
    "\204\217\342\204\220\342\204\221\342\204\222\342\204\223\342\204\225\342"
    "\204\226\342\204\227\342\204\230\342\204\231\342\204\232\342\204\233\342"
    "\204\234\342\204\235\342\204\236\342\204\242\342\204\244\342\204\247\342"
    "\204\250\342\204\251\342\204\254\342\204\255\342\204\257\342\204\260\342"
    "\204\261\342\204\263\342\204\264\342\204\265\342\204\266\342\204\267\342"
    "\204\270\342\205\205\342\205\206\342\205\207\342\205\210\342\205\223\342"
    "\205\224\342\205\225\342\205\226\342\205\227\342\205\230\342\205\231\342"
    "\205\232\342\205\233\342\205\234\342\205\235\342\205\236\342\206\220\342"
    "\206\221\342\206\222\342\206\223\342\206\224\342\206\225\342\206\226\342"
    "\206\227\342\206\230\342\206\231\342\206\232\342\206\233\342\206\236\342"
    "\206\237\342\206\240\342\206\241\342\206\242\342\206\243\342\206\244\342"
    "\206\245\342\206\246\342\206\247\342\206\251\342\206\252\342\206\253\342"
    "\206\254\342\206\255\342\206\256\342\206\260\342\206\261\342\206\262\342"
    "\206\263\342\206\265\342\206\266\342\206\267\342\206\272\342\206\273\342"
    "\206\274\342\206\275\342\206\276\342\206\277\342\207\200\342\207\201\342"
    "\207\202\342\207\203\342\207\204\342\207\205\342\207\206\342\207\207\342"
    "\207\210\342\207\211\342\207\212\342\207\213\342\207\214\342\207\215\342"
    "\207\216\342\207\217\342\207\220\342\207\221\342\207\222\342\207\223\342"
    "\207\224\342\207\225\342\207\226\342\207\227\342\207\230\342\207\231\342"
    "\207\232\342\207\233\342\207\235\342\207\244\342\207\245\342\207\265\342"
    "\207\275\342\207\276\342\207\277\342\210\200\342\210\201\342\210\203\342"
    "\210\204\342\210\205\342\210\207\342\210\210\342\210\211\342\210\213\342"
    "\210\214\342\210\217\342\210\220\342\210\221\342\210\222\342\210\223\342"
    "\210\224\342\210\226\342\210\227\342\210\230\342\210\232\342\210\235\342"
    "\210\236\342\210\237\342\210\241\342\210\242\342\210\243\342\210\244\342"
    "\210\245\342\210\246\342\210\247\342\210\250\342\210\253\342\210\254\342"
    "\210\255\342\210\256\342\210\257\342\210\260\342\210\261\342\210\262\342"
    "\210\263\342\210\264\342\210\265\342\210\266\342\210\267\342\210\270\342"
    "\210\272\342\210\273\342\210\277\342\211\200\342\211\201\342\211\203\342"
    "\211\204\342\211\205\342\211\206\342\211\207\342\211\210\342\211\211\342"
    "\211\212\342\211\214\342\211\221\342\211\222\342\211\223\342\211\224\342"
    "\211\225\342\211\226\342\211\227\342\211\231\342\211\232\342\211\234\342"
    "\211\237\342\211\240\342\211\242\342\211\254\342\211\255\342\211\256\342"
    "\211\257\342\211\260\342\211\261\342\211\262\342\211\263\342\211\264\342"
    "\211\265\342\211\266\342\211\267\342\211\270\342\211\271\342\211\272\342"
    "\211\273\342\211\274\342\211\275\342\211\276\342\212\200\342\212\201\342"
    "\212\204\342\212\205\342\212\206\342\212\207\342\212\210\342\212\211\342"
    "\212\215\342\212\216\342\212\221\342\212\222\342\212\225\342\212\226\342"
    "\212\227\342\212\230\342\212\231\342\212\232\342\212\233\342\212\235\342"
    "\212\236\342\212\237\342\212\240\342\212\241\342\212\242\342\212\243\342"
    "\212\244\342\212\245\342\212\247\342\212\250\342\212\251\342\212\252\342"
    "\212\253\342\212\254\342\212\255\342\212\256\342\212\257\342\212\260\342"
    "\212\262\342\212\263\342\212\266\342\212\267\342\212\270\342\212\271\342"
    "\212\272\342\212\273\342\212\275\342\212\276\342\212\277\342\213\200\342"
    "\213\201\342\213\202\342\213\203\342\213\204\342\213\205\342\213\206\342"
    "\213\207\342\213\210\342\213\211\342\213\212\342\213\213\342\213\214\342"
    "\213\215\342\213\216\342\213\217\342\213\220\342\213\221\342\213\222\342"
    "\213\223\342\213\224\342\213\225\342\213\226\342\213\227\342\213\236\342"
    "\213\237\342\213\240\342\213\241\342\213\242\342\213\243\342\213\246\342"
    "\213\247\342\213\250\342\213\251\342\213\252\342\213\253\342\213\254\342"
    "\213\255\342\213\256\342\213\257\342\213\260\342\213\261\342\213\262\342"
    "\213\263\342\213\264\342\213\266\342\213\267\342\213\272\342\213\273\342"
    "\213\274\342\213\275\342\213\276\342\214\205\342\214\206\342\214\210\342"
    "\214\211\342\214\212\342\214\213\342\214\214\342\214\215\342\214\216\342"
    "\214\217\342\214\220\342\214\222\342\214\223\342\214\225\342\214\226\342"
    "\214\234\342\214\235\342\214\236\342\214\237\342\214\242\342\214\243\342"
    "\214\255\342\214\256\342\214\266\342\214\275\342\214\277\342\215\274\342"
    "\216\260\342\216\261\342\216\264\342\216\265\342\216\266\342\217\234\342"
    "\217\235\342\217\236\342\217\237\342\217\242\342\217\247\342\220\243\342"
    "\223\210\342\224\200\342\224\202\342\224\214\342\224\220\342\224\224\342"
    "\224\230\342\224\234\342\224\244\342\224\254\342\224\264\342\224\274\342"
    "\225\220\342\225\221\342\225\222\342\225\223\342\225\224\342\225\225\342"
    "\225\226\342\225\227\342\225\230\342\225\231\342\225\232\342\225\233\342"
    "\225\234\342\225\235\342\225\236\342\225\237\342\225\240\342\225\241\342"
    "\225\242\342\225\243\342\225\244\342\225\245\342\225\246\342\225\247\342"
    "\225\250\342\225\251\342\225\252\342\225\253\342\225\254\342\226\200\342"
    "\226\204\342\226\210\342\226\221\342\226\222\342\226\223\342\226\241\342"
    "\226\252\342\226\253\342\226\255\342\226\256\342\226\261\342\226\263\342"
    "\226\264\342\226\265\342\226\270\342\226\271\342\226\275\342\226\276\342"
    "\226\277\342\227\202\342\227\203\342\227\212\342\227\213\342\227\254\342"
    "\227\257\342\227\270\342\227\271\342\227\272\342\227\273\342\227\274\342"
    "\230\205\342\230\206\342\230\216\342\231\200\342\231\202\342\231\240\342"
    "\231\243\342\231\245\342\231\246\342\231\252\342\231\255\342\231\256\342"
    "\231\257\342\234\223\342\234\227\342\234\240\342\234\266\342\235\230\342"
    "\235\262\342\235\263\342\237\210\342\237\211\342\237\246\342\237\247\342"
    "\237\250\342\237\251\342\237\252\342\237\253\342\237\254\342\237\255\342"
    "\237\265\342\237\266\342\237\267\342\237\270\342\237\271\342\237\272\342"
    "\237\274\342\237\277\342\244\202\342\244\203\342\244\204\342\244\205\342"
    "\244\214\342\244\215\342\244\216\342\244\217\342\244\220\342\244\221\342"
    "\244\222\342\244\223\342\244\226\342\244\231\342\244\232\342\244\233\342"
    "\244\234\342\244\235\342\244\236\342\244\237\342\244\240\342\244\243\342"
    "\244\244\342\244\245\342\244\246\342\244\247\342\244\250\342\244\251\342"
    "\244\252\342\244\265\342\244\266\342\244\267\342\244\270\342\244\271\342"
    "\244\274\342\244\275\342\245\205\342\245\210\342\245\211\342\245\212\342"
    "\245\213\342\245\216\342\245\217\342\245\220\342\245\221\342\245\222\342"
    "\245\223\342\245\224\342\245\225\342\245\226\342\245\227\342\245\230\342"
    "\245\231\342\245\232\342\245\233\342\245\234\342\245\235\342\245\236\342"
    "\245\237\342\245\240\342\245\241\342\245\242\342\245\243\342\245\244\342"
    "\245\245\342\245\246\342\245\247\342\245\250\342\245\251\342\245\252\342"
    "\245\253\342\245\254\342\245\255\342\245\256\342\245\257\342\245\260\342"
    "\245\261\342\245\262\342\245\263\342\245\264\342\245\265\342\245\266\342"
    "\245\270\342\245\271\342\245\273\342\245\274\342\245\275\342\245\276\342"
    "\245\277\342\246\205\342\246\206\342\246\213\342\246\214\342\246\215\342"
    "\246\216\342\246\217\342\246\220\342\246\221\342\246\222\342\246\223\342"
    "\246\224\342\246\225\342\246\226\342\246\232\342\246\234\342\246\235\342"
    "\246\244\342\246\245\342\246\246\342\246\247\342\246\250\342\246\251\342"
    "\246\252\342\246\253\342\246\254\342\246\255\342\246\256\342\246\257\342"
    "\246\260\342\246\261\342\246\262\342\246\263\342\246\264\342\246\265\342"
    "\246\266\342\246\267\342\246\271\342\246\273\342\246\274\342\246\276\342"
    "\246\277\342\247\200\342\247\201\342\247\202\342\247\203\342\247\204\342"
    "\247\205\342\247\211\342\247\215\342\247\216\342\247\234\342\247\235\342"
    "\247\236\342\247\243\342\247\244\342\247\245\342\247\253\342\247\264\342"
    "\247\266\342\250\200\342\250\201\342\250\202\342\250\204\342\250\206\342"
    "\250\214\342\250\215\342\250\220\342\250\221\342\250\222\342\250\223\342"
    "\250\224\342\250\225\342\250\226\342\250\227\342\250\242\342\250\243\342"
    "\250\244\342\250\245\342\250\246\342\250\247\342\250\251\342\250\252\342"
    "\250\255\342\250\256\342\250\257\342\250\260\342\250\261\342\250\263\342"
    "\250\264\342\250\265\342\250\266\342\250\267\342\250\270\342\250\271\342"
    "\250\272\342\250\273\342\250\274\342\250\277\342\251\200\342\251\202\342"
    "\251\203\342\251\204\342\251\205\342\251\206\342\251\207\342\251\210\342"
    "\251\211\342\251\212\342\251\213\342\251\214\342\251\215\342\251\220\342"
    "\251\223\342\251\224\342\251\225\342\251\226\342\251\227\342\251\230\342"
    "\251\232\342\251\233\342\251\234\342\251\235\342\251\237\342\251\246\342"
    "\251\252\342\251\256\342\251\257\342\251\261\342\251\262\342\251\263\342"
    "\251\264\342\251\265\342\251\267\342\251\270\342\251\271\342\251\272\342"
    "\251\273\342\251\274\342\251\277\342\252\200\342\252\201\342\252\202\342"
    "\252\203\342\252\204\342\252\205\342\252\206\342\252\207\342\252\210\342"
    "\252\211\342\252\212\342\252\213\342\252\214\342\252\215\342\252\216\342"
    "\252\217\342\252\220\342\252\221\342\252\222\342\252\223\342\252\224\342"
    "\252\225\342\252\226\342\252\227\342\252\230\342\252\231\342\252\232\342"
    "\252\235\342\252\236\342\252\237\342\252\240\342\252\244\342\252\245\342"
    "\252\246\342\252\247\342\252\250\342\252\251\342\252\252\342\252\253\342"
    "\252\256\342\252\263\342\252\264\342\252\265\342\252\266\342\252\267\342"
    "\252\270\342\252\271\342\252\272\342\252\273\342\252\274\342\252\275\342"
    "\252\276\342\252\277\342\253\200\342\253\201\342\253\202\342\253\203\342"
    "\253\204\342\253\207\342\253\210\342\253\217\342\253\220\342\253\221\342"
    "\253\222\342\253\223\342\253\224\342\253\225\342\253\226\342\253\227\342"
    "\253\230\342\253\231\342\253\232\342\253\233\342\253\244\342\253\246\342"
    "\253\247\342\253\250\342\253\251\342\253\253\342\253\254\342\253\255\342"
    "\253\256\342\253\257\342\253\260\342\253\261\342\253\262\342\253\263\357"
    "\254\200\357\254\201\357\254\202\357\254\203\357\254\204fj\302\240\302"
    "\241\302\242\302\243\302\244\302\245\302\246\302\247\302\250\302\251\302"
    "\252\302\253\302\254\302\255\302\256\302\257\302\260\302\261\302\262\302"
    "\263\302\264\302\265\302\266\302\267\302\270\302\271\302\272\302\273\302"
    "\274\302\275\302\276\302\277\303\200\303\201\303\202\303\203\303\204\303"
    "\205\303\206\303\207\303\210\303\211\303\212\303\213\303\214\303\215\303"
    "\216\303\217\303\220\303\221\303\222\303\223\303\224\303\225\303\226\303"
    "\227\303\230\303\231\303\232\303\233\303\234\303\235\303\236\303\237\303"
    "\240\303\241\303\242\303\243\303\244\303\245\303\246\303\247\303\250\303"
    "\251\303\252\303\253\303\254\303\255\303\256\303\257\303\260\303\261\303"
    "\262\303\263\303\264\303\265\303\266\303\267\303\270\303\271\303\272\303"
    "\273\303\274\303\275\303\276\303\277\304\200\304\201\304\202\304\203\304"
    "\204\304\205\304\206\304\207\304\210\304\211\304\212\304\213\304\214\304"
    "\215\304\216\304\217\304\220\304\221\304\222\304\223\304\226\304\227\304"
    "\230\304\231\304\232\304\233\304\234\304\235\304\236\304\237\304\240\304"
    "\241\304\242\304\244\304\245\304\246\304\247\304\250\304\251\304\252\304"
    "\253\304\256\304\257\304\260\304\261\304\262\304\263\304\264\304\265\304"
    "\266\304\267\304\270\304\271\304\272\304\273\304\274\304\275\304\276\304"
    "\277\305\200\305\201\305\202\305\203\305\204\305\205\305\206\305\207\305"
    "\210\305\211\305\212\305\213\305\214\305\215\305\220\305\221\305\222\305"
    "\223\305\224\305\225\305\226\305\227\305\230\305\231\305\232\305\233\305"
    "\234\305\235\305\236\305\237\305\240\305\241\305\242\305\243\305\244\305"
    "\245\305\246\305\247\305\250\305\251\305\252\305\253\305\254\305\255\305"
    "\256\305\257\305\260\305\261\305\262\305\263\305\264\305\265\305\266\305"
    "\267\305\270\305\271\305\272\305\273\305\274\305\275\305\276\306\222\306"
    "\265\307\265\310\267\313\206\313\207\313\230\313\231\313\232\313\233\313"
    "\234\313\235\314\221\316\221\316\222\316\223\316\224\316\225\316\226\316"
    "\227\316\230\316\231\316\232\316\233\316\234\316\235\316\236\316\237\316"
    "\240\316\241\316\243\316\244\316\245\316\246\316\247\316\250\316\251\316"
    "\261\316\262\316\263\316\264\316\265\316\266\316\267\316\270\316\271\316"
    "\272\316\273\316\274\316\275\316\276\316\277\317\200\317\201\317\202\317"
    "\203\317\204\317\205\317\206\317\207\317\210\317\211\317\221\317\222\317"
    "\225\317\226\317\234\317\235\317\260\317\261\317\265\317\266\320\201\320"
    "\202\320\203\320\204\320\205\320\206\320\207\320\210\320\211\320\212\320"
    "\213\320\214\320\216\320\217\320\220\320\221\320\222\320\223\320\224\320"
    "\225\320\226\320\227\320\230\320\231\320\232\320\233\320\234\320\235\320"
    "\236\320\237\320\240\320\241\320\242\320\243\320\244\320\245\320\246\320"
    "\247\320\250\320\251\320\252\320\253\320\254\320\255\320\256\320\257\320"
    "\260\320\261\320\262\320\263\320\264\320\265\320\266\320\267\320\270\320"
    "\271\320\272\320\273\320\274\320\275\320\276\320\277\321\200\321\201\321"
    "\202\321\203\321\204\321\205\321\206\321\207\321\210\321\211\321\212\321"
    "\213\321\214\321\215\321\216\321\217\321\221\321\222\321\223\321\224\321"
    "\225\321\226\321\227\321\230\321\231\321\232\321\233\321\234\321\236\321"
    "\237\011\012!\"#$%&'()*+,./:;\?@[\\]^_`{|}";

const uint16_t html_entity_name_at[HTML_ENTITIES_NR + 1] = {
    0, 5, 11, 14, 18, 24, 31, 38, 43, 49, 53, 57, 63, 70, 76, 82, 86, 92, 97,
    111, 116, 122, 127, 134, 140, 147, 151, 156, 166, 171, 178, 182, 190, 201,
    206, 210, 215, 221, 226, 233, 238, 242, 247, 254, 258, 279, 287, 294, 300,
    307, 313, 321, 326, 334, 344, 348, 352, 362, 374, 385, 397, 422, 444, 460,
    466, 473, 483, 490, 506, 511, 521, 553, 559, 564, 568, 575, 578, 587, 592,
    597, 602, 609, 614, 620, 627, 631, 635, 641, 645, 662, 677, 700, 717, 734,
    742, 756, 761, 765, 772, 781, 803, 813, 829, 845, 866, 880, 900, 925, 946,
    963, 978, 992, 1010, 1028, 1038, 1051, 1068, 1078, 1098, 1116, 1131, 1149,
    1168, 1184, 1203, 1211, 1224, 1234, 1239, 1246, 1250, 1253, 1257, 1263,
    1270, 1277, 1282, 1288, 1292, 1297, 1301, 1307, 1314, 1322, 1328, 1345,
    1366, 1372, 1377, 1385, 1391, 1402, 1414, 1419, 1424, 1428, 1432, 1437,
    1444, 1457, 1461, 1465, 1483, 1505, 1510, 1517, 1528, 1533, 1538, 1540,
    1543, 1549, 1556, 1563, 1570, 1576, 1580, 1585, 1589, 1592, 1597, 1610,
    1627, 1644, 1659, 1671, 1689, 1702, 1707, 1710, 1717, 1723, 1727, 1733,
    1737, 1750, 1755, 1770, 1775, 1782, 1795, 1805, 1810, 1816, 1821, 1827,
    1834, 1839, 1845, 1849, 1854, 1858, 1864, 1871, 1874, 1880, 1891, 1899,
    1903, 1912, 1925, 1940, 1955, 1961, 1966, 1971, 1976, 1983, 1989, 1993,
    1998, 2004, 2008, 2012, 2017, 2022, 2029, 2035, 2040, 2045, 2051, 2058,
    2062, 2066, 2071, 2076, 2081, 2083, 2086, 2093, 2100, 2105, 2116, 2121,
    2128, 2135, 2139, 2156, 2166, 2179, 2199, 2211, 2229, 2247, 2262, 2280,
    2290, 2305, 2321, 2329, 2342, 2356, 2369, 2385, 2403, 2420, 2436, 2449,
    2465, 2476, 2490, 2500, 2515, 2532, 2546, 2558, 2567, 2582, 2592, 2596,
    2599, 2610, 2617, 2631, 2650, 2665, 2679, 2698, 2713, 2718, 2733, 2749,
    2754, 2758, 2765, 2768, 2772, 2776, 2788, 2798, 2802, 2812, 2817, 2822,
    2825, 2830, 2837, 2844, 2851, 2855, 2875, 2894, 2912, 2934, 2955, 2970,
    2978, 2982, 2990, 3007, 3012, 3016, 3029, 3039, 3060, 3071, 3080, 3094,
    3104, 3115, 3131, 3151, 3169, 3184, 3205, 3221, 3237, 3250, 3266, 3285,
    3306, 3314, 3327, 3342, 3354, 3372, 3385, 3409, 3427, 3439, 3456, 3478,
    3496, 3513, 3533, 3555, 3571, 3592, 3610, 3633, 3643, 3658, 3670, 3687,
    3709, 3726, 3738, 3755, 3764, 3778, 3796, 3810, 3825, 3830, 3836, 3843,
    3846, 3852, 3858, 3865, 3870, 3876, 3880, 3887, 3891, 3897, 3904, 3910,
    3916, 3924, 3929, 3950, 3965, 3968, 3973, 3979, 3986, 3992, 3999, 4006,
    4010, 4015, 4023, 4033, 4045, 4061, 4070, 4074, 4078, 4082, 4085, 4095,
    4109, 4114, 4117, 4126, 4140, 4159, 4173, 4179, 4187, 4198, 4211, 4216,
    4220, 4224, 4229, 4233, 4238, 4243, 4249, 4252, 4256, 4263, 4268, 4273,
    4280, 4287, 4294, 4298, 4301, 4316, 4335, 4356, 4360, 4364, 4382, 4393,
    4407, 4427, 4440, 4459, 4478, 4494, 4513, 4524, 4533, 4547, 4562, 4576,
    4593, 4612, 4630, 4647, 4661, 4678, 4690, 4705, 4716, 4721, 4734, 4746,
    4751, 4755, 4767, 4774, 4779, 4786, 4793, 4796, 4803, 4810, 4816, 4820,
    4824, 4839, 4854, 4870, 4883, 4889, 4901, 4906, 4911, 4918, 4937, 4950,
    4968, 4983, 5003, 5015, 5020, 5025, 5029, 5036, 5048, 5057, 5071, 5090,
    5104, 5113, 5117, 5121, 5130, 5144, 5151, 5156, 5162, 5168, 5174, 5179,
    5183, 5187, 5194, 5201, 5205, 5209, 5219, 5225, 5236, 5246, 5252, 5263,
    5278, 5289, 5294, 5304, 5309, 5316, 5322, 5329, 5334, 5343, 5349, 5356,
    5361, 5367, 5371, 5378, 5382, 5388, 5395, 5401, 5410, 5421, 5434, 5451,
    5457, 5467, 5473, 5478, 5486, 5497, 5514, 5526, 5540, 5546, 5557, 5565,
    5577, 5592, 5608, 5613, 5621, 5627, 5632, 5639, 5643, 5648, 5654, 5659,
    5663, 5669, 5676, 5680, 5687, 5692, 5704, 5717, 5735, 5749, 5763, 5767,
    5772, 5777, 5784, 5790, 5796, 5800, 5805, 5810, 5814, 5817, 5822, 5827,
    5832, 5837, 5842, 5848, 5855, 5861, 5865, 5869, 5874, 5879, 5884, 5889,
    5896, 5903, 5907, 5912, 5927, 5932, 5936, 5941, 5946, 5952, 5959, 5966,
    5969, 5973, 5977, 5982, 5988, 5993, 5999, 6003, 6008, 6014, 6017, 6021,
    6027, 6034, 6042, 6048, 6054, 6060, 6066, 6069, 6073, 6077, 6084, 6089,
    6098, 6103, 6107, 6112, 6118, 6125, 6134, 6143, 6152, 6161, 6170, 6179,
    6188, 6197, 6203, 6211, 6220, 6227, 6233, 6241, 6247, 6252, 6255, 6259,
    6266, 6270, 6275, 6280, 6287, 6296, 6301, 6307, 6312, 6316, 6322, 6330,
    6336, 6343, 6347, 6352, 6361, 6367, 6372, 6381, 6393, 6403, 6411, 6421,
    6428, 6435, 6444, 6449, 6458, 6464, 6468, 6474, 6481, 6489, 6497, 6503,
    6510, 6515, 6520, 6528, 6532, 6539, 6547, 6554, 6562, 6571, 6581, 6590,
    6598, 6614, 6628, 6637, 6644, 6653, 6660, 6673, 6685, 6699, 6717, 6735,
    6754, 6760, 6766, 6772, 6778, 6784, 6788, 6796, 6801, 6806, 6810, 6817,
    6824, 6830, 6836, 6842, 6848, 6853, 6859, 6865, 6871, 6877, 6883, 6889,
    6895, 6901, 6906, 6912, 6918, 6924, 6930, 6936, 6942, 6949, 6955, 6961,
    6967, 6973, 6978, 6984, 6990, 6996, 7002, 7011, 7019, 7028, 7034, 7040,
    7046, 7052, 7057, 7063, 7069, 7075, 7081, 7087, 7093, 7100, 7106, 7112,
    7119, 7124, 7130, 7135, 7141, 7146, 7152, 7161, 7166, 7173, 7178, 7184,
    7190, 7197, 7204, 7208, 7215, 7224, 7231, 7238, 7245, 7250, 7256, 7262,
    7268, 7275, 7281, 7288, 7294, 7300, 7308, 7313, 7318, 7324, 7332, 7336,
    7341, 7351, 7355, 7360, 7366, 7376, 7380, 7384, 7389, 7394, 7401, 7417,
    7434, 7443, 7452, 7463, 7475, 7487, 7492, 7501, 7508, 7516, 7522, 7531,
    7537, 7544, 7552, 7558, 7565, 7570, 7577, 7588, 7598, 7603, 7611, 7618,
    7623, 7630, 7634, 7639, 7646, 7652, 7658, 7663, 7668, 7674, 7679, 7685,
    7691, 7699, 7707, 7713, 7719, 7726, 7734, 7738, 7747, 7754, 7761, 7768,
    7774, 7779, 7786, 7794, 7806, 7818, 7827, 7838, 7844, 7851, 7866, 7882,
    7888, 7894, 7903, 7909, 7916, 7921, 7926, 7933, 7940, 7945, 7950, 7956,
    7964, 7970, 7977, 7981, 7984, 7992, 7998, 8006, 8009, 8013, 8019, 8027,
    8034, 8038, 8044, 8050, 8055, 8063, 8075, 8081, 8085, 8093, 8099, 8103,
    8109, 8116, 8130, 8137, 8142, 8149, 8156, 8163, 8168, 8172, 8178, 8187,
    8196, 8204, 8214, 8229, 8239, 8254, 8270, 8287, 8296, 8303, 8310, 8315,
    8320, 8325, 8332, 8338, 8343, 8349, 8355, 8361, 8369, 8374, 8383, 8389,
    8394, 8400, 8407, 8414, 8421, 8426, 8431, 8437, 8444, 8448, 8453, 8456,
    8462, 8466, 8469, 8475, 8482, 8486, 8493, 8496, 8505, 8509, 8513, 8520,
    8526, 8532, 8541, 8548, 8555, 8562, 8567, 8571, 8576, 8582, 8587, 8592,
    8599, 8605, 8610, 8618, 8624, 8631, 8639, 8645, 8656, 8668, 8675, 8682,
    8688, 8696, 8705, 8711, 8717, 8722, 8728, 8733, 8737, 8740, 8744, 8748,
    8753, 8758, 8763, 8769, 8781, 8794, 8808, 8812, 8819, 8826, 8832, 8839,
    8843, 8849, 8855, 8860, 8866, 8872, 8877, 8882, 8889, 8894, 8900, 8909,
    8915, 8922, 8929, 8935, 8942, 8949, 8956, 8963, 8970, 8977, 8983, 8990,
    8997, 9004, 9011, 9018, 9025, 9032, 9038, 9044, 9049, 9052, 9056, 9063,
    9069, 9076, 9080, 9087, 9093, 9097, 9102, 9105, 9109, 9113, 9118, 9127,
    9131, 9137, 9144, 9152, 9161, 9166, 9173, 9177, 9180, 9184, 9190, 9195,
    9198, 9202, 9206, 9210, 9214, 9219, 9228, 9232, 9237, 9243, 9249, 9254,
    9260, 9265, 9270, 9276, 9282, 9284, 9287, 9292, 9298, 9304, 9311, 9319,
    9329, 9336, 9343, 9353, 9364, 9372, 9379, 9389, 9394, 9399, 9406, 9411,
    9418, 9425, 9430, 9438, 9444, 9449, 9455, 9462, 9472, 9479, 9486, 9490,
    9499, 9508, 9514, 9521, 9535, 9550, 9555, 9562, 9567, 9574, 9581, 9588,
    9595, 9601, 9608, 9611, 9616, 9622, 9626, 9631, 9636, 9642, 9646, 9650,
    9656, 9663, 9666, 9673, 9679, 9686, 9692, 9698, 9704, 9710, 9719, 9728,
    9734, 9739, 9745, 9748, 9755, 9761, 9770, 9777, 9781, 9788, 9797, 9806,
    9815, 9823, 9828, 9834, 9839, 9844, 9850, 9856, 9863, 9868, 9873, 9879,
    9887, 9893, 9900, 9906, 9909, 9916, 9922, 9926, 9931, 9937, 9941, 9945,
    9951, 9956, 9961, 9968, 9974, 9980, 9987, 9994, 9998, 10002, 10009, 10014,
    10019, 10024, 10029, 10035, 10040, 10047, 10053, 10056, 10060, 10065,
    10072, 10081, 10088, 10095, 10100, 10106, 10113, 10117, 10122, 10128,
    10133, 10139, 10147, 10154, 10161, 10168, 10175, 10183, 10190, 10194,
    10201, 10206, 10212, 10218, 10224, 10231, 10238, 10244, 10252, 10260,
    10267, 10274, 10280, 10285, 10289, 10294, 10300, 10307, 10315, 10324,
    10329, 10332, 10342, 10356, 10372, 10386, 10401, 10416, 10432, 10450,
    10470, 10485, 10489, 10493, 10498, 10507, 10511, 10517, 10524, 10532,
    10541, 10546, 10553, 10564, 10572, 10582, 10593, 10601, 10609, 10616,
    10623, 10627, 10630, 10634, 10640, 10646, 10653, 10659, 10664, 10667,
    10673, 10682, 10689, 10695, 10702, 10709, 10720, 10724, 10729, 10738,
    10742, 10747, 10753, 10759, 10765, 10771, 10777, 10791, 10810, 10821,
    10836, 10850, 10865, 10871, 10876, 10883, 10891, 10898, 10905, 10909,
    10917, 10922, 10927, 10934, 10940, 10949, 10955, 10962, 10966, 10972,
    10979, 10984, 10988, 10993, 10999, 11005, 11010, 11016, 11023, 11030,
    11032, 11035, 11040, 11046, 11052, 11059, 11066, 11073, 11081, 11088,
    11093, 11099, 11105, 11114, 11122, 11132, 11137, 11143, 11147, 11152,
    11157, 11162, 11170, 11174, 11181, 11192, 11203, 11212, 11219, 11226,
    11230, 11236, 11250, 11254, 11258, 11263, 11269, 11273, 11280, 11287,
    11293, 11300, 11306, 11313, 11320, 11328, 11333, 11338, 11345, 11352,
    11357, 11360, 11365, 11372, 11375, 11384, 11390, 11394, 11398, 11403,
    11414, 11430, 11434, 11438, 11443, 11455, 11462, 11469, 11475, 11482,
    11487, 11491, 11496, 11502, 11508, 11516, 11522, 11530, 11539, 11543,
    11548, 11554, 11561, 11566, 11573, 11580, 11586, 11595, 11600, 11604,
    11610, 11613, 11619, 11626, 11632, 11640, 11646, 11653, 11660, 11666,
    11673, 11681, 11685, 11689, 11693, 11698, 11704, 11714, 11719, 11725,
    11729, 11734, 11740, 11746, 11752, 11755, 11759, 11764, 11768, 11773,
    11779, 11783, 11789, 11794, 11798, 11809, 11825, 11830, 11836, 11846,
    11851, 11857, 11863, 11867, 11873, 11880, 11885, 11890, 11893, 11897,
    11903, 11910, 11919, 11927, 11935, 11943, 11949, 11957, 11965, 11973,
    11978, 11988, 11995, 12001, 12009, 12013, 12020, 12025, 12031, 12039,
    12045, 12051, 12058, 12065, 12077, 12083, 12090, 12094, 12101, 12106,
    12111, 12121, 12136, 12141, 12147, 12154, 12160, 12166, 12174, 12182,
    12187, 12193, 12199, 12207, 12217, 12228, 12234, 12242, 12247, 12253,
    12259, 12267, 12277, 12288, 12293, 12299, 12306, 12311, 12325, 12341,
    12356, 12373, 12376, 12380, 12387, 12393, 12400, 12407, 12412, 12419,
    12424, 12429, 12437, 12444, 12449, 12454, 12462, 12469, 12477, 12483,
    12489, 12496, 12502, 12510, 12517, 12520, 12526, 12533, 12538, 12543,
    12548, 12554, 12558, 12564, 12571, 12576, 12581, 12588, 12594, 12600,
    12604, 12609, 12615, 12622, 12626, 12632, 12636, 12641, 12647, 12653,
    12661, 12667, 12671, 12677, 12683, 12691, 12696, 12703, 12708, 12713,
    12719, 12725, 12728, 12734, 12738, 12744, 12752, 12756, 12761, 12765,
    12770, 12777, 12782, 12790, 12794, 12799, 12805, 12812, 12817, 12823,
    12830, 12837, 12846, 12850, 12855, 12861, 12865, 12869, 12874, 12883,
    12890, 12896, 12901, 12905, 12912, 12919, 12926, 12931, 12939, 12943,
    12947, 12952, 12959, 12965, 12968, 12978, 12982, 12989, 12997, 13004,
    13009, 13018, 13024, 13032, 13039, 13046, 13052, 13058, 13065, 13073,
    13081, 13084, 13093, 13098, 13103, 13109, 13112, 13116, 13121, 13127,
    13131, 13136, 13147, 13159, 13166, 13178, 13187, 13196, 13204, 13210,
    13217, 13222, 13228, 13235, 13240, 13249, 13258, 13267, 13272, 13279,
    13285, 13292, 13297, 13301, 13308, 13312, 13317, 13322, 13329, 13334,
    13346, 13354, 13360, 13368, 13372, 13377, 13383, 13388, 13395, 13401,
    13406, 13411, 13418, 13424, 13433, 13438, 13444, 13450, 13457, 13462,
    13468, 13473, 13480, 13486, 13494, 13500, 13507, 13514, 13521, 13528,
    13536, 13543, 13549, 13556, 13562, 13572, 13578, 13584, 13591, 13598,
    13604, 13612, 13620, 13627, 13634, 13640, 13645, 13649, 13654, 13662,
    13668, 13675, 13680, 13685, 13693, 13702, 13708, 13713, 13716, 13720,
    13727, 13734, 13738, 13744, 13750, 13757, 13761, 13766, 13777, 13792,
    13809, 13824, 13840, 13858, 13875, 13891, 13907, 13912, 13925, 13931,
    13937, 13941, 13948, 13959, 13965, 13971, 13977, 13983, 13989, 13994,
    14001, 14009, 14014, 14021, 14030, 14036, 14043, 14048, 14052, 14057,
    14063, 14070, 14077, 14084, 14089, 14095, 14101, 14110, 14118, 14121,
    14128, 14134, 14137, 14141, 14146, 14153, 14159, 14163, 14170, 14176,
    14181, 14187, 14194, 14203, 14209, 14213, 14218, 14224, 14230, 14236,
    14243, 14249, 14257, 14261, 14266, 14271, 14278, 14287, 14293, 14298,
    14302, 14309, 14315, 14322, 14327, 14336, 14350, 14353, 14357, 14363,
    14370, 14377, 14381, 14388, 14393, 14399, 14404, 14410, 14415, 14421,
    14427, 14435, 14443, 14449, 14463, 14470, 14479, 14484, 14490, 14494,
    14499, 14505, 14512, 14516, 14521, 14528, 14533, 14540, 14550, 14555,
    14561, 14568, 14574, 14581, 14587, 14594, 14603, 14614, 14620, 14627,
    14636, 14647, 14651, 14658, 14665, 14670, 14676, 14681, 14688, 14695,
    14702, 14707, 14713, 14729, 14741, 14747, 14751, 14756, 14763, 14768,
    14776, 14784, 14790, 14796, 14804, 14812, 14819, 14828, 14838, 14848,
    14859, 14866, 14873, 14880, 14885, 14896, 14908, 14915, 14927, 14936,
    14945, 14953, 14957, 14962, 14966, 14971, 14975, 14980, 14984, 14989,
    14993, 14998, 15005, 15013, 15018, 15026, 15034, 15042, 15050, 15058,
    15064, 15070, 15078, 15085, 15094, 15104, 15114, 15125, 15132, 15139,
    15146, 15152, 15159, 15165, 15173, 15180, 15185, 15191, 15198, 15202,
    15207, 15214, 15221, 15225, 15230, 15237, 15241, 15248, 15258, 15264,
    15273, 15280, 15292, 15301, 15308, 15314, 15321, 15326, 15332, 15338,
    15343, 15349, 15356, 15365, 15372, 15377, 15382, 15386, 15393, 15400,
    15405, 15413, 15418, 15425, 15431, 15440, 15453, 15466, 15481, 15491,
    15505, 15521, 15528, 15533, 15542, 15550, 15556, 15564, 15573, 15578,
    15583, 15589, 15596, 15602, 15619, 15637, 15642, 15647, 15653, 15660,
    15665, 15671, 15678, 15683, 15689, 15693, 15699, 15706, 15712, 15719,
    15723, 15729, 15736, 15742, 15748, 15754, 15761, 15770, 15777, 15783,
    15789, 15792, 15796, 15802, 15807, 15815, 15827, 15841, 15856, 15862,
    15867, 15873, 15881, 15892, 15899, 15908, 15915, 15921, 15927, 15932,
    15938, 15945, 15950, 15956, 15962, 15966, 15971, 15979, 15984, 15989,
    15995, 16001, 16008, 16019, 16028, 16039, 16046, 16052, 16062, 16067,
    16074, 16083, 16096, 16110, 16123, 16137, 16146, 16162, 16179, 16183,
    16189, 16193, 16200, 16206, 16213, 16220, 16225, 16229, 16235, 16241,
    16247, 16252, 16258, 16264, 16269, 16276, 16283, 16290, 16297, 16305,
    16311, 16318, 16324, 16331, 16338, 16342, 16347, 16350, 16353, 16360,
    16365, 16370, 16376, 16381, 16387, 16391, 16397, 16403, 16406, 16412,
    16418, 16423, 16428, 16434, 16439, 16446, 16453, 16459, 16465, 16470,
    16477, 16484, 16490, 16495, 16502, 16508, 16515, 16520, 16526, 16530,
    16533, 16537, 16541, 16546, 16551, 16556, 16561, 16565, 16570, 16577,
    16584, 16588, 16593, 16600, 16605, 16609, 16614, 16622, 16627, 16632,
    16636, 16641,
};

/* offset into the texts * 8 + length */
const uint16_t html_entity_text_at[HTML_ENTITIES_NR + 1] = {
    27826, 27826, 33353, 33353, 27746, 27746, 28786, 27762, 27762, 32050, 4076,
    27730, 27730, 30882, 28754, 24347, 28818, 5580, 8051, 27810, 27810, 2764,
    12803, 27778, 27778, 27794, 27794, 11699, 26795, 15947, 32066, 12299, 8843,
    30898, 4108, 5612, 30770, 8843, 1587, 32418, 27362, 27362, 28850, 15107,
    9107, 8867, 28946, 27842, 27842, 28882, 12179, 28914, 27602, 27586, 8867,
    31218, 13883, 13811, 13787, 13835, 12227, 7523, 7451, 12347, 24779, 291,
    12155, 12131, 8195, 11579, 12251, 23675, 2796, 15131, 243, 9107, 19715,
    31842, 31890, 32034, 7595, 9851, 26747, 28978, 32114, 11435, 30930, 4140,
    27538, 30786, 30850, 33497, 30834, 14771, 9131, 5644, 27346, 8171, 1667,
    12155, 27346, 10931, 10859, 10955, 26747, 19379, 19427, 19403, 10907,
    14195, 10883, 10979, 11963, 9563, 19763, 11219, 30866, 20531, 20867, 10403,
    20675, 20891, 10499, 20699, 14123, 9995, 10931, 2828, 29010, 29858, 27986,
    27986, 27874, 27874, 29138, 27890, 27890, 32514, 29074, 4172, 27858, 27858,
    11459, 29042, 18539, 18035, 29106, 5676, 30946, 24803, 1507, 10763, 8915,
    24755, 30978, 27906, 27906, 11363, 9155, 32370, 4204, 18563, 18011, 5708,
    11315, 8939, 8939, 31858, 2729, 2729, 30914, 31730, 29202, 29266, 29170,
    32098, 29234, 4236, 2027, 5740, 387, 1059, 1747, 2467, 13307, 2387, 13211,
    2860, 579, 32466, 30754, 33481, 29282, 8291, 8267, 8315, 16883, 8267,
    29314, 1587, 1627, 32130, 29474, 31826, 27938, 27938, 27954, 27954, 32178,
    29442, 8411, 27922, 27922, 8411, 29378, 9179, 10907, 12083, 12059, 14723,
    8099, 8075, 29410, 5772, 31010, 8387, 29346, 31906, 27970, 27970, 29506,
    32194, 4268, 5804, 2892, 31938, 31874, 32386, 32002, 31026, 29538, 32210,
    4300, 5836, 2924, 31954, 2665, 2665, 29586, 31042, 19211, 8435, 9779,
    29650, 29618, 32226, 19163, 9491, 11171, 10619, 15971, 19115, 20939, 10547,
    20747, 16019, 9587, 20483, 14099, 9923, 20771, 14411, 2187, 915, 20555,
    20915, 10451, 20723, 10379, 20579, 10859, 10955, 1011, 1707, 13283, 2427,
    2347, 13187, 4332, 1987, 11099, 29682, 19307, 19355, 19331, 19379, 19427,
    19403, 5868, 9707, 9683, 8435, 10163, 29714, 531, 19571, 32242, 3, 8963,
    4364, 11651, 5900, 8963, 31058, 31970, 29746, 29810, 29778, 32258, 7187,
    7187, 7187, 7187, 579, 531, 33305, 4396, 8027, 27218, 8483, 26891, 13019,
    13067, 11987, 11483, 12995, 1509, 11387, 13115, 13163, 1749, 1829, 13355,
    2389, 13259, 1589, 1629, 15491, 2189, 15539, 13091, 13139, 13331, 1789,
    2349, 13235, 2469, 2429, 13499, 2509, 15299, 11531, 15515, 2229, 15563,
    1909, 15347, 1949, 15371, 630, 13643, 13523, 2549, 15323, 1869, 678, 13667,
    12491, 12539, 12611, 12659, 11939, 2956, 28002, 28002, 31074, 29954, 28034,
    28034, 28050, 28050, 32274, 29922, 4428, 28018, 28018, 29890, 31250, 31106,
    5932, 7499, 7427, 24371, 2988, 28114, 28114, 28066, 28066, 23843, 28082,
    28082, 7883, 16739, 16619, 16691, 1387, 32290, 4460, 31202, 31122, 27490,
    8291, 8579, 26147, 13379, 2507, 13427, 13475, 7763, 11555, 12347, 11795,
    3020, 31234, 33321, 33321, 4492, 8603, 3052, 19691, 27442, 27442, 29986,
    19235, 9827, 19787, 30050, 30018, 32306, 8651, 11507, 10739, 21275, 8651,
    31138, 19187, 9539, 11195, 10571, 15995, 19139, 20843, 10523, 20651, 16043,
    14075, 9971, 20795, 14435, 2227, 963, 20507, 20819, 10427, 20627, 10475,
    20603, 10907, 8675, 21299, 11123, 8627, 10187, 23027, 32450, 32434, 32498,
    30082, 26171, 30178, 30146, 30114, 32322, 4524, 9563, 9491, 9539, 9515,
    31154, 11747, 5964, 11771, 17987, 819, 1907, 13739, 1947, 13763, 867, 3084,
    14819, 15059, 15059, 13595, 13403, 2547, 13451, 1867, 11507, 11603, 15083,
    675, 13619, 15083, 28210, 28210, 8723, 31986, 32402, 33297, 31170, 30242,
    30210, 32338, 4556, 12275, 30994, 6, 7163, 195, 12515, 12563, 12635, 5996,
    8147, 3116, 30274, 28146, 28146, 9803, 20411, 32018, 30370, 28162, 28162,
    32354, 30434, 4588, 28130, 28130, 30338, 33489, 16763, 16643, 16715, 14747,
    13715, 30466, 6028, 9515, 19739, 10595, 9611, 21251, 14147, 9947, 10883,
    10979, 9635, 9659, 31682, 31186, 30402, 3148, 30306, 28178, 28178, 14267,
    26867, 32082, 14219, 26771, 14699, 7403, 7403, 11915, 33513, 18995, 12467,
    27, 4620, 6060, 3180, 14243, 30498, 14675, 4652, 6092, 3212, 4684, 31090,
    6124, 3244, 32546, 31922, 32530, 28194, 28194, 30530, 32482, 4716, 6156,
    3276, 30562, 32146, 30578, 30642, 32162, 30610, 7187, 30962, 8795, 8747,
    3308, 28258, 28258, 28802, 1467, 1469, 12443, 28274, 28274, 27538, 27538,
    32562, 28338, 28338, 8051, 4748, 28242, 28242, 9011, 9011, 31266, 28770,
    23987, 33353, 33353, 12011, 24395, 24539, 24467, 24491, 51, 22043, 51,
    11867, 22139, 22163, 22187, 22211, 22235, 22259, 22283, 22307, 11843,
    14627, 22019, 11891, 27810, 16547, 28834, 6188, 12635, 2307, 24683, 12683,
    1547, 33361, 12635, 12683, 28322, 28322, 3340, 33385, 12635, 243, 28290,
    28290, 28306, 28306, 12251, 23267, 26915, 12707, 31810, 7811, 1427, 14987,
    14603, 15923, 15923, 16643, 16667, 12707, 32578, 7547, 12299, 12299, 22331,
    31810, 8843, 31282, 9035, 13043, 4780, 14723, 18443, 14747, 23075, 23099,
    23123, 23171, 18587, 18251, 18131, 23147, 14699, 14675, 19619, 23003,
    18011, 18155, 18275, 18323, 18203, 16835, 17939, 17915, 17963, 17891, 2700,
    294, 16163, 6220, 14147, 14147, 14867, 17315, 17243, 17291, 17219, 17147,
    17675, 17747, 17627, 17699, 17459, 17387, 17435, 17363, 17171, 17819,
    17603, 17531, 17795, 17579, 17507, 22787, 17267, 17195, 16955, 16931,
    16883, 17651, 17723, 17075, 17099, 14003, 13979, 14027, 17411, 17339,
    17003, 16979, 16907, 17771, 17555, 17483, 17123, 17051, 17027, 7811, 30770,
    27314, 27314, 3372, 7979, 1427, 14987, 33465, 22763, 19067, 7619, 7619,
    1587, 25931, 1627, 1627, 28866, 99, 24083, 24203, 24251, 24155, 24011, 102,
    7907, 30754, 24299, 28962, 28354, 28354, 28898, 24275, 24323, 28930, 27602,
    27602, 22379, 27250, 27250, 27586, 4812, 32930, 18899, 18899, 31618, 18395,
    22715, 30738, 12875, 10331, 10355, 27442, 16859, 13931, 13907, 13955,
    12875, 23243, 26963, 22691, 18731, 18731, 33425, 12803, 12803, 33401,
    33449, 11339, 11747, 11339, 8195, 12563, 2267, 12131, 6252, 11579, 27362,
    27362, 8531, 10259, 18923, 3404, 26435, 26483, 26459, 26507, 15611, 20267,
    20195, 15251, 15275, 10283, 20339, 147, 24179, 24131, 24227, 13691, 24107,
    150, 10307, 20315, 15251, 15275, 15011, 15035, 27282, 27282, 10283, 10307,
    15011, 15035, 12227, 12203, 16427, 10931, 21035, 7571, 9083, 9563, 7307,
    14099, 19667, 30850, 28994, 32626, 9131, 7595, 10715, 24827, 27474, 27474,
    31314, 22355, 21611, 4844, 10547, 10523, 14771, 14771, 18779, 18779, 27346,
    31746, 15683, 28610, 28610, 28610, 14843, 14843, 33090, 16331, 16091,
    33337, 6284, 30786, 1667, 12731, 12371, 11675, 14051, 15947, 9563, 10715,
    10547, 10523, 19691, 16355, 16067, 3436, 33138, 23051, 29026, 15659, 18299,
    18275, 11219, 21275, 22091, 33282, 19475, 24827, 12731, 28386, 28386,
    24659, 29154, 12851, 28402, 28402, 12827, 33026, 29090, 9155, 12755, 4876,
    25619, 28370, 28370, 25523, 25571, 25595, 16811, 8459, 25499, 25547, 29058,
    11411, 11411, 11411, 7067, 7091, 7043, 29874, 7019, 29122, 6316, 15179,
    22931, 24707, 31330, 31330, 31794, 12851, 12827, 1507, 25523, 25499, 2697,
    12971, 291, 24851, 22979, 12779, 21323, 8891, 1667, 1507, 31362, 28498,
    28498, 28418, 28418, 8123, 33313, 11363, 8915, 9155, 12755, 32882, 18659,
    27155, 27083, 27179, 4908, 27107, 27202, 18827, 27131, 18107, 30674, 6348,
    11315, 15155, 26675, 23219, 27682, 27682, 9203, 27666, 27666, 9251, 9347,
    9395, 9227, 9275, 27698, 27698, 9299, 9419, 9323, 9371, 9443, 9467, 7955,
    16379, 3468, 1747, 25283, 30706, 31298, 31746, 25139, 29218, 29186, 32610,
    29250, 387, 1059, 387, 1747, 2387, 2387, 25859, 24995, 25043, 25091, 1062,
    25475, 4940, 579, 2027, 9059, 33106, 13307, 25427, 25763, 25739, 483,
    25235, 25235, 25187, 25187, 483, 15419, 6380, 33497, 8243, 13211, 25331,
    25379, 2729, 2729, 25811, 24899, 15227, 21923, 24947, 25139, 21467, 15227,
    1059, 25283, 13307, 13211, 486, 486, 10955, 27, 27682, 8267, 32978, 9587,
    20387, 10115, 8363, 29298, 18755, 18755, 7667, 14531, 4972, 20051, 20075,
    11291, 12419, 10019, 10043, 6412, 7379, 3500, 8363, 29330, 7931, 7307,
    28450, 28450, 8099, 28466, 28466, 32690, 32642, 27234, 27234, 10955, 5004,
    28434, 28434, 9179, 23195, 12107, 22859, 8819, 29490, 29394, 8411, 8387,
    8411, 29458, 14483, 30690, 11459, 8219, 11819, 22883, 29458, 12059, 14555,
    8747, 14555, 23411, 23963, 33074, 29426, 6444, 31394, 23963, 27714, 27714,
    3532, 11459, 2107, 2067, 15731, 15707, 11459, 8075, 29362, 33154, 28482,
    28482, 29522, 32706, 5036, 30722, 6476, 3564, 33186, 33122, 31410, 31762,
    29554, 32722, 5068, 29570, 32898, 33250, 6508, 3596, 11099, 10859, 19859,
    19643, 1707, 25259, 20963, 29602, 22427, 8435, 31426, 19163, 21827, 19163,
    25115, 27394, 27394, 9491, 11171, 19955, 19907, 10019, 10067, 20291, 21371,
    9875, 25907, 19811, 1155, 1158, 19595, 19019, 33505, 33457, 21683, 21779,
    21731, 29666, 29634, 15971, 33505, 32738, 20219, 7499, 7547, 21083, 20459,
    10211, 339, 9491, 9875, 10403, 10379, 10643, 9587, 10619, 10739, 10115,
    14939, 1011, 339, 1707, 2347, 2347, 25835, 24971, 25019, 25067, 1014,
    25451, 25115, 15203, 1011, 25259, 13283, 13187, 21539, 16019, 5100, 13283,
    25403, 10403, 10379, 21155, 17867, 33202, 531, 10643, 16331, 21179, 18515,
    29698, 16571, 16571, 435, 25211, 25211, 25163, 25163, 435, 15395, 19259,
    11243, 19115, 19307, 19355, 19451, 19331, 10067, 10091, 21635, 6540, 23627,
    23771, 11723, 33489, 18371, 18371, 23003, 33369, 21875, 10619, 16355,
    10739, 21227, 7259, 14651, 7835, 3628, 10163, 13187, 25307, 25355, 33457,
    7427, 7475, 29730, 2665, 2665, 25787, 24875, 15203, 14939, 14891, 21443,
    24923, 21947, 18347, 915, 18323, 20435, 21059, 438, 438, 12395, 27458,
    27458, 18683, 18947, 18947, 9971, 9971, 9995, 9923, 9947, 18083, 23579,
    32754, 7355, 11867, 5132, 8771, 27554, 27554, 11915, 33385, 26987, 27586,
    27586, 11627, 14003, 12371, 23603, 26723, 7667, 11651, 14171, 6572, 11651,
    3660, 1467, 31442, 14507, 14507, 2029, 582, 1829, 10787, 10811, 1989, 534,
    1789, 10835, 14363, 14339, 11435, 29762, 54, 12659, 2309, 1549, 29842,
    12659, 18851, 18851, 8483, 27218, 27218, 1589, 1629, 24059, 29826, 29794,
    12611, 2269, 24035, 32770, 7331, 12995, 11027, 20027, 9659, 9659, 1669,
    13019, 20123, 1509, 11387, 11387, 5164, 1749, 13163, 13163, 1749, 2389,
    2389, 13259, 13115, 13115, 10811, 10139, 27035, 11507, 15851, 15803, 11507,
    33218, 10787, 1709, 9731, 7643, 13139, 9731, 10139, 13139, 1709, 2349,
    2349, 13091, 13235, 13091, 15491, 15539, 11939, 6604, 27410, 27410, 11483,
    2109, 2069, 11483, 15779, 15755, 11531, 11531, 15899, 15875, 11987, 11987,
    1302, 1389, 23339, 13499, 15299, 2509, 13499, 2509, 10835, 9755, 2149,
    1349, 9755, 15515, 15563, 13523, 15323, 2549, 3692, 11939, 11987, 12491,
    12539, 12539, 11939, 11987, 15347, 15371, 13547, 2589, 13643, 630, 13643,
    2589, 13523, 2549, 13571, 2629, 13667, 678, 13667, 2629, 13355, 28514,
    28514, 13331, 15491, 15539, 15515, 15563, 31458, 33329, 8507, 7115, 14315,
    19547, 246, 14291, 390, 2732, 22907, 19499, 342, 2668, 918, 19523, 966,
    198, 11003, 20003, 9635, 9635, 20099, 16859, 28546, 28546, 13931, 13907,
    28562, 28562, 32786, 13955, 29938, 23867, 13883, 22571, 29970, 22619, 5196,
    30818, 28530, 28530, 22667, 22451, 31250, 12131, 10331, 22595, 22547, 7883,
    22643, 29906, 31650, 31490, 22475, 13811, 6636, 22499, 22523, 13787, 12035,
    10355, 24563, 8987, 8987, 27378, 27378, 27634, 27634, 14459, 24419, 24443,
    24515, 8987, 28626, 28626, 13859, 28578, 28578, 13835, 23819, 28594, 28594,
    16499, 11963, 27570, 27570, 11963, 27059, 1299, 1387, 32802, 33345, 33409,
    7691, 14147, 7715, 5228, 31602, 31698, 8963, 18635, 31506, 15155, 31714,
    8363, 8339, 8363, 33393, 23459, 13979, 23435, 11675, 23507, 24731, 27490,
    27490, 23531, 23555, 27490, 23363, 6668, 27266, 27266, 13379, 25955, 26051,
    13427, 2507, 13379, 26051, 13427, 2507, 26099, 26003, 15443, 13475, 7739,
    8579, 26003, 26099, 15443, 11555, 16451, 16187, 16211, 11795, 11795, 13475,
    14387, 3724, 31634, 7139, 5260, 23195, 6700, 8003, 3756, 8315, 23387,
    33441, 12971, 33321, 33321, 11123, 10907, 19883, 19667, 21011, 1429, 30002,
    11771, 22403, 19187, 21851, 22067, 19187, 27650, 27650, 9539, 21419, 11195,
    19979, 2147, 19931, 10043, 10091, 20363, 21395, 9899, 1347, 19835, 12323,
    8603, 19619, 19043, 33521, 33473, 21707, 21755, 21803, 30066, 30034, 15995,
    33521, 32818, 20243, 21131, 7523, 7523, 10235, 8651, 8627, 8651, 8675,
    18059, 27442, 27442, 21563, 16043, 5292, 10499, 10475, 21203, 31522, 31778,
    9539, 9899, 10499, 10475, 10571, 10763, 10691, 1347, 14963, 30802, 12779,
    10571, 10763, 7283, 16595, 16595, 26939, 19283, 11267, 19139, 21659, 6732,
    23651, 23795, 33377, 21899, 23291, 10691, 7859, 3788, 10187, 33473, 7451,
    7451, 14963, 14915, 18227, 963, 18203, 22835, 21107, 8699, 30098, 7475,
    13403, 25979, 26075, 30194, 13451, 2547, 30162, 30130, 26027, 26123, 15467,
    23315, 1867, 32834, 14795, 14051, 24611, 11051, 20051, 9683, 9683, 27330,
    27330, 33433, 20147, 11699, 11699, 18971, 5324, 16379, 18875, 32962, 32946,
    11915, 11963, 27426, 27426, 31554, 31538, 31538, 195, 24635, 12515, 12515,
    25667, 25715, 25643, 25691, 12587, 23483, 21347, 9491, 11699, 23747, 22955,
    11915, 16403, 25883, 1107, 1110, 33010, 33417, 22739, 16523, 6764, 18707,
    18707, 11963, 819, 822, 867, 870, 1907, 13739, 1907, 13739, 1947, 13763,
    1947, 13763, 17987, 17987, 18011, 18011, 9539, 3820, 11699, 16403, 14819,
    18611, 18587, 31794, 31698, 27458, 627, 2587, 26195, 13595, 26339, 26291,
    1203, 723, 26243, 21491, 627, 13595, 2587, 723, 1203, 26387, 26579, 26531,
    13403, 26075, 13451, 2547, 26123, 26027, 15467, 1867, 11603, 18803, 27618,
    27618, 27506, 27506, 27522, 27522, 675, 2627, 26219, 26651, 13619, 26363,
    19091, 26627, 21515, 26315, 1251, 771, 26267, 675, 13619, 2627, 771, 1251,
    26411, 26555, 26603, 11075, 20075, 9707, 9707, 20171, 28226, 28226, 16259,
    31570, 16619, 30258, 30226, 32850, 8147, 16235, 5356, 12275, 12275, 31378,
    31666, 31666, 12635, 195, 7163, 12635, 195, 28722, 28722, 30834, 28098,
    28098, 14027, 23723, 23699, 12107, 20123, 14123, 16475, 27011, 6796, 26699,
    20147, 7787, 8723, 18179, 18299, 18347, 915, 12947, 18227, 963, 18419,
    12947, 23915, 23891, 22811, 23939, 16787, 3852, 32914, 33234, 30290, 13043,
    9779, 9827, 10883, 20987, 28658, 28658, 9515, 33266, 30386, 28674, 28674,
    32866, 10595, 30450, 21251, 21587, 5388, 28642, 28642, 10451, 10427, 17843,
    16283, 16283, 16139, 18467, 30354, 27346, 27346, 30482, 6828, 9515, 9611,
    10451, 10427, 13715, 31586, 31682, 31586, 10667, 16307, 16307, 16115,
    30418, 18491, 3884, 15635, 30322, 18179, 18155, 10667, 28690, 28690, 22115,
    10979, 26819, 26843, 14195, 21995, 31794, 31762, 11411, 31698, 31714,
    11795, 9611, 31778, 31538, 726, 1206, 774, 1254, 31666, 14411, 14435,
    32594, 14075, 12035, 14579, 12923, 15587, 33513, 33513, 5420, 14411, 630,
    678, 6860, 11795, 14435, 3916, 1206, 726, 1254, 774, 21971, 30514, 24587,
    12011, 12899, 8555, 5452, 6892, 8555, 12467, 12467, 3948, 14723, 18443,
    14747, 18251, 5484, 19427, 19355, 31474, 19379, 19307, 19451, 15827, 23075,
    6924, 23099, 23123, 19403, 19331, 3980, 23171, 23147, 18131, 14699, 14675,
    28706, 28706, 33058, 30546, 32994, 27298, 27298, 5516, 33170, 6956, 4012,
    33042, 28738, 28738, 30594, 30658, 32674, 30626, 8795, 31346, 5548, 32658,
    11147, 6988, 4044, 7235, 7211, 0,
};
