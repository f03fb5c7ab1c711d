// Types of what the site's classic scripts share: globals, messages of the translator's worker, and the panel whose methods
// several scripts define. `tsc --project book/jsconfig.json` checks the scripts against them; nothing here runs.
//
// Sizes in comments as in the book: S source length, T target length, H hidden, K partial translations, V words.

// The attention view (s2s_tutorial/assets/attention_view.js)

type AttentionSide = "source" | "target";

interface AttentionData {
  source: string[];
  target: string[];
  /** (T, S). */
  weights: number[][];
  /** Source words that the model does not know. */
  unknown: string[];
  /** Positions of target words that were copied from the source. */
  copied: number[];
  /** Source position that the reader has pinned. */
  pinned?: number;
  sourceLabel: string;
  targetLabel: string;
  sourceLanguage: string;
  targetLanguage: string;
}

interface AttentionRow {
  row: HTMLElement;
  words: string[];
  buttons: HTMLButtonElement[];
  bars: HTMLElement[];
  shares: HTMLElement[];
}

/** Control of a view from outside. */
interface AttentionHandle {
  /** Show the first `count` target words. */
  step(count: number): void;
  /** Show the weights of one word. */
  choose(side: AttentionSide, position: number): void;
}

interface AttentionView {
  /** Draw a view; null if there is no target word. */
  mount(host: HTMLElement, data: AttentionData): AttentionHandle | null;
}

// The worker: text, network and search

/** Rules of an exported model for reading and writing text. */
interface TextRules {
  ligatures: Record<string, string>;
  marks: string;
  /** Pairs of a pattern and its replacement. */
  joins: [string, string][];
}

/** Characters of a class by its name, as numbers in base 36: gap and length of each range. */
type ClassRanges = Record<string, string>;

/** Classes of all characters; letters and modifiers by their script. */
type ClassTable = Record<"letters" | "modifiers" | "others", ClassRanges>;

interface CharacterClass {
  first: number;
  last: number;
  /** Kind of class: "letters", "modifiers" or "others". */
  kind: string;
  name: string;
  /** Character that stands for the class where text is cut. */
  sign: string;
}

interface ClassFinder {
  of(character: string): CharacterClass | null;
  signs(characters: string[]): string;
  hasLetter(text: string): boolean;
}

/** Characters of a vocabulary, and lines of two pieces each that are joined. */
interface ListedPieces {
  alphabet: string;
  merges: string;
}

/** What a model needs that reads text in any script, or pieces of words. */
interface ReadingRules {
  rule: string;
  /** Length of the longest training sentence, in tokens. */
  longest: number | null;
  /** Most tokens of a translation for one of the source. */
  most_per_token: number;
  titles: string[];
  numbered: string[];
  /** Missing in older files. */
  articles?: string[];
  abbreviations?: string[];
  /** Scripts that are written without spaces. */
  unspaced: string[];
  classes: ClassTable;
}

interface LanguageRules {
  language: string;
  title: RegExp;
  numbered: RegExp;
  ordinal: RegExp;
  month: RegExp;
  abbreviations: Set<string>;
}

interface SentenceRules extends LanguageRules {
  classes: ClassFinder;
}

/** N sentences, and N + 1 texts between them. */
interface SplitText {
  texts: string[];
  spaces: string[];
}

/** The text rule of a model. */
interface TextRule {
  isAscii: boolean;
  sentences(text: string): SplitText;
  normalise(text: string): string;
  words(normal: string): string[];
  hasLetter(text: string): boolean;
  print(tokens: string[]): string;
  places(tokens: string[], text: string): [number, number][];
  /** Positions of the tokens with which words begin. */
  wordStarts(tokens: string[]): number[];
  isUnspaced(text: string): boolean;
}

interface Vocabulary {
  words: string[];
  ids: Map<string, number>;
  /** Number of each merge; null for a vocabulary of words. */
  ranks: Map<string, number> | null;
  tokens(words: string[]): string[];
}

/** A sentence as the model reads it. */
interface ReadSentence {
  text: string;
  tokens: string[];
  ids: number[];
  unknown: string[];
  unread: string[];
  /** Characters that the model reads only as bytes. */
  unlearned: string[];
  foreign: boolean;
  tooLong: boolean;
}

interface ReadText {
  sentences: ReadSentence[];
  spaces: string[];
}

interface Reader {
  rule: TextRule;
  source: Vocabulary;
  target: Vocabulary;
  longest: number | null;
  hasPieces: boolean;
  mostPerToken: number;
  read(text: string): ReadText;
}

/** Description of an exported model, from the header of its file. */
interface Description {
  format: number;
  /** Files of older versions have neither network nor heads; those are of recurrent networks. */
  model: {
    hidden_size: number; embedding_size: number; num_layers: number; attention: string; decoder: string; input_feeding: boolean;
    network?: string; num_heads: number;
  };
  text: TextRules;
  src_words: string | ListedPieces;
  /** Null if they are those of the source side. */
  tgt_words: string | ListedPieces | null;
  language: string;
  /** Missing in models of older versions, which are French and English. */
  src_language?: string;
  max_words: number;
  max_pieces?: number;
  /** Of a model that reads other text than ASCII words. */
  reading?: ReadingRules;
  length_penalty: number;
  /** Half the width of local attention's window. */
  reach: number;
}

/** A matrix of 8-bit values, row by row, or a vector of 32-bit floats. */
interface Tensor {
  shape: number[];
  values: Int8Array | Float32Array;
}

/** A tensor of 8-bit values with a scale for each row. */
interface RoundedMatrix {
  tensor: Tensor;
  scales: ArrayLike<number>;
}

/** A matrix as floats, interleaved in groups of eight rows. */
interface Matrix {
  rows: number;
  columns: number;
  data: Float32Array;
}

interface OutputLayer {
  logits(vectors: Float64Array, count: number): Float64Array;
}

/** The file of a model. */
interface Weights {
  description: Description;
  srcEmbedding: RoundedMatrix;
  embedding: RoundedMatrix;
  output: OutputLayer;
  matrix(name: string, from?: number, to?: number): Matrix;
  vector(name: string): Float64Array;
  clear(): void;
}

/** A linear map. */
interface Linear {
  matrix: Matrix;
  bias: Float64Array;
}

/** Gain and bias, (H) each, of a layer normalisation. */
interface Norm {
  gain: Float64Array;
  bias: Float64Array;
}

/** An attention of several heads, and the normalisation before it. */
interface HeadedAttention {
  norm: Norm;
  query: Linear;
  key: Linear;
  value: Linear;
  output: Linear;
}

interface TransformerLayer {
  own: HeadedAttention;
  /** Null in the encoder. */
  cross: HeadedAttention | null;
  norm: Norm;
  widen: Linear;
  narrow: Linear;
}

/** Keys and values, (H) each, of the words that are looked at. */
interface KeysAndValues {
  keys: Float64Array[];
  values: Float64Array[];
}

/** Kind of attention of a Transformer: within the source, within the translation, or between them. */
type LookKind = "encoder" | "decoder" | "cross";

/** A head of a layer, or (null) the mean of its heads. */
interface Look {
  kind: LookKind;
  layer: number;
  head: number | null;
}

/** Receives the weights of the N heads of a layer, one word after the other. */
type Watch = (kind: LookKind, layer: number, heads: Float64Array[]) => void;

/** State of a partial translation: for each layer (H) of a GRU, or the keys and values of a Transformer. */
type State = any[];

/** Weights of one GRU layer in one direction. */
interface Gru {
  /** Input weights of the word's embedding, or of the layer below. */
  input: Matrix;
  /** Input weights of the context, or of the attentional state that is fed with the word; null without these. */
  fed: Matrix | null;
  inputBias: Float64Array;
  state: Matrix;
  stateBias: Float64Array;
  /** Products of the input weights with the embeddings of words, by id. */
  known: Map<number, Float64Array>;
}

/** An encoded sentence. */
interface Memory {
  length: number;
  /** The decoder's state before the first word. */
  first: State;
}

interface RecurrentMemory extends Memory {
  /** (S, H). */
  states: Float64Array;
  /** (S, H). */
  keys: Float64Array;
}

interface TransformerMemory extends Memory {
  /** Keys and values of the source for each of the decoder's layers. */
  sources: KeysAndValues[];
}

interface ReadOutput {
  /** The decoder's top states, from which the output layer predicts, (K, H). */
  tops: Float64Array;
  /** K states. */
  states: State[];
  /** K rows of (S); null without attention. */
  weights: Float64Array[] | null;
}

interface StepOutput extends ReadOutput {
  /** (K, V). */
  logits: Float64Array;
}

interface Network {
  attends: boolean;
  size: number;
  encode(ids: number[], watch?: Watch): Memory;
  read(ids: number[], memory: Memory, before: State[], pinned: number, watch?: Watch): ReadOutput;
}

/** A source position that gets all the attention, at one step or (null) at every step. */
interface Pin {
  step: number | null;
  source: number;
}

interface SearchOptions {
  temperature?: number;
  seed?: number;
  pin?: Pin | null;
  /** Words to begin with. */
  prefix?: string[];
  /** Number of the sentence that pin and prefix are for, from 0. */
  part?: number;
}

/** A sentence that is encoded. */
interface Source extends ReadSentence {
  memory: Memory;
  /** Most steps of a search. */
  limit: number;
}

/** A probable word at one step of a search. */
interface Candidate {
  id: number;
  word: string;
  share: number;
}

/** Result of a search, as ids. */
interface FoundIds {
  ids: number[];
  score: number;
  weights: number[][];
  steps?: Candidate[][];
}

/** A partial translation of a beam search. */
interface Beam {
  ids: number[];
  score: number;
  length: number;
  ended: boolean;
  weights: number[][];
  states: State;
}

/** A translation, as words. */
interface Translation {
  ids: number[];
  /** Words of the model, with <unk> where a word was copied from the source. */
  modelWords: string[];
  words: string[];
  /** Positions of words that were copied from the source. */
  copied: number[];
  text: string;
  /** Source positions that the translation perhaps left out. */
  leftOut: number[];
  /** Start and end of each word in `text`. */
  places: [number, number][];
  /** Positions in `words` at which words begin; the others continue a word. */
  starts: number[];
  /** The words, joined from the tokens. */
  labels: string[];
  /** Whether its script is written without spaces. */
  unspaced: boolean;
  score: number;
  weights: number[][] | null;
  steps: Candidate[][] | null;
}

/** The worker's answer to "translate". */
interface Found {
  /** Tokens of the chosen sentence. */
  srcWords: string[];
  srcStarts: number[];
  /** Its words, joined from the tokens. */
  srcLabels: string[];
  unknown: string[];
  unread: string[];
  /** Characters that the model reads only as bytes. */
  unlearned: string[];
  foreign: boolean;
  pin: Pin | null;
  prefix: string[];
  /** Translation of the chosen sentence. */
  best: Translation;
  /** All sentences of the text. */
  parts: { source: string; text: string; unspaced: boolean; length: number; tooLong: boolean }[];
  /** Number of the chosen sentence, from 0. */
  part: number;
  spaces: string[];
  hasPieces: boolean;
  /** Whether words begin with a marker. */
  isMarked: boolean;
  isAscii: boolean;
  longest: number | null;
  /** Sizes of a Transformer; null for other networks. */
  heads: { layers: number; heads: number } | null;
}

interface Translator {
  description: Description;
  watching(sentence: string, look: Look, ids: number[], options?: SearchOptions): Generator<void, number[][], void>;
  translating(sentence: string, options?: SearchOptions): Generator<void, Found, void>;
  translatingBeam(sentence: string, size: number, options?: SearchOptions): Generator<void, Translation[], void>;
}

/** Questions to the worker. */
type Ask = { id: number; model: string } & (
  | { type: "load"; base64: string }
  | { type: "translate"; sentence: string; options: SearchOptions }
  | { type: "beam"; sentence: string; size: number; options: SearchOptions }
  | { type: "heads"; sentence: string; look: Look; ids: number[]; options: SearchOptions }
);

/** The worker's answer to a question. */
interface Answer {
  id: number;
  result?: any;
  error?: string;
  /** Whether the error is about the sentence, so that another try would not help. */
  ofSentence?: boolean;
}

/** An error that is shown to the reader. */
interface PanelError extends Error {
  ofSentence?: boolean;
}

// What the parts of the worker offer each other

interface S2sText {
  TextError: new (message: string) => Error;
  normalise(text: string, rules: TextRules): string;
  detokenise(words: string[], rules: TextRules): string;
}

interface S2sUnicode {
  MARKER: string;
  Classes: new (table: ClassTable) => ClassFinder;
  byteToken(byte: number): string;
  isByte(token: string): boolean;
  clean(text: string, classes: ClassFinder): string;
  splitWords(text: string, classes: ClassFinder): string[];
  joinTokens(tokens: string[], classes: ClassFinder): string;
  firstTokens(tokens: string[], classes: ClassFinder): number[];
}

interface S2sPieces {
  SPECIAL: string[];
  Vocabulary: new (listed: string | ListedPieces, size: number) => Vocabulary;
}

interface S2sSentences {
  languageRules(language: string, reading: Pick<ReadingRules, "titles" | "numbered" | "articles" | "abbreviations">): LanguageRules;
  split(text: string, rules: SentenceRules): SplitText;
  select(text: SplitText, isKept: boolean[]): SplitText;
  between(spaces: string[], translations: { text: string; unspaced: boolean }[]): string[];
}

interface S2sRules {
  textRule(description: Description): TextRule;
}

interface S2sTensors {
  readTensors(bytes: Uint8Array): { tensors: Map<string, Tensor>; description: Description };
}

interface S2sMatrix {
  expand(tensor: Tensor, scales: ArrayLike<number>, from: number, to: number): Matrix;
  multiply(matrix: Matrix, vectors: Float64Array, count: number, bias: Float64Array | null): Float64Array;
  dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, size: number): number;
  sideBySide(left: Float64Array, right: Float64Array, count: number): Float64Array;
  takeRows(tensor: Tensor, scales: ArrayLike<number>, ids: number[]): Float64Array;
  OutputLayer: new (tensor: Tensor, scales: ArrayLike<number>, bias: Float64Array) => OutputLayer;
  largest(logits: ArrayLike<number>, start: number, size: number, count: number): number[];
}

interface S2sTransformer {
  Transformer: new (weights: Weights) => Network;
  meanOf(heads: Float64Array[]): Float64Array;
}

interface S2sDrawing {
  logTotal(logits: Float64Array, start: number, size: number, temperature: number): number;
  random(seed: number): () => number;
  draw(logits: Float64Array, size: number, temperature: number, chance: number): number;
}

interface S2sHonesty {
  unread(text: string, rules: TextRules): string[];
  looksTranslated(words: string[], source: Map<string, number>, target: Map<string, number>): boolean;
  leftOut(words: string[], ids: number[], weights: number[][], count: number): number[];
}

interface S2sSearch {
  Translator: new (bytes: Uint8Array) => Translator;
  bytesOf(base64: string): Uint8Array;
}

/** The global object of the page, or of the worker. */
type Scope = Window & typeof globalThis;

// The page: models and the panel

/** A model in the list that `s2s-tutorial export` writes, and how far it is loaded. */
interface Model {
  name: string;
  title: string;
  note: string;
  attention: string;
  /** Sizes of the two vocabularies. */
  words: [number, number];
  /** "pieces" if they hold pieces of words. */
  unit?: string;
  bytes: number;
  /** Bytes of each script. */
  scripts: number[];
  /** Longest training sentence: a number, and whether it counts words or characters. */
  longest?: [number, "words" | "characters"];
  /** Name of the small model that answers while this one is loading. */
  stand_in?: string;
  stand_in_note?: string;
  /** Codes of source and target language. */
  languages?: [string, string];
  /** Held-out sentences with their reference translations. */
  examples?: { source: string; references: string[] }[];
  arrived: number;
  total: number;
  pieces: (string | undefined)[];
  state: "new" | "loading" | "ready" | "failed";
  error: Error | null;
  loaded?: Promise<{ language: string, source: string }>;
}

interface Engine extends EventTarget {
  models: Model[];
  standIn(model: Model): Model | null;
  ask(type: Ask["type"], values: object): Promise<any>;
  load(model: Model): Promise<{ language: string, source: string }>;
}

/** What the reader has chosen within one translation. */
interface Choices {
  /** Words to begin with. */
  prefix: string[];
  pin: Pin | null;
  /** Position of the chosen target word. */
  chosen: number | null;
  /** Number of the chosen result of the beam search, from 1; 0 for none. */
  beam: number;
  /** Number of the chosen sentence of a text, from 0. */
  part: number;
  /** Model that offered what was chosen. */
  by: Model | null;
  /** Model that has just taken over from its stand-in. */
  arrived: Model | null;
  /** Model that is loaded, but waits because of a choice. */
  held: Model | null;
}

/** Everything that an address can set. */
interface Settings extends Partial<Choices> {
  model?: Model;
  temperature?: number;
  seed?: number;
  heads?: Look | null;
  misfits?: string[];
}

/** Name of a button and its action. */
type Action = [string, () => void];

/** Words below the loading bar; a button's name and its action. */
type LoadingWords = [string, string?, (() => void)?];

/** Words of the attention view: tokens, or words that are joined from them. */
interface ViewWords {
  kind: LookKind;
  source: string[];
  target: string[];
  weights: number[][];
  /** Start and end of each target and source word among the tokens. */
  rows: [number, number][];
  columns: [number, number][];
  /** Number of the target word that holds a token; likewise for source words. */
  rowOf(position: number): number;
  columnOf(position: number): number;
}

interface Panel extends Choices {
  host: HTMLElement;
  engine: Engine;
  ownsAddress: boolean;
  /** Number of the newest run; results of earlier ones are dropped. */
  turn: number;
  id: string;
  /** Address of the page with all tools; "" on that page. */
  more: string;
  language: { source: string; target: string };

  // Settings
  model: Model;
  /** Undefined until the first sentence is read. */
  sentence: string;
  temperature: number;
  seed: number;
  /** Position of the target word that the lists are about. */
  at: number;
  /** Whether a pin is for every step. */
  every: boolean;

  /** Head that the view shows; null for the attention that a translation comes with. */
  heads: Look | null;

  // State of a run
  answering: Model;
  shownBy: Model;
  found: Found | null;
  shown: Translation | null;
  announce: boolean;
  quiet: boolean;
  slow: boolean;
  sliding: boolean;
  /** Whether the reader has asked for this translation, so that it may scroll into view. */
  asked: boolean;
  misfits: string[];
  remark: string;
  loadingAct: (() => void) | undefined;
  viewed: ViewWords;
  /** Weights of the chosen head, for one translation. */
  watched: { best: Translation; kind: LookKind; weights: number[][] } | null;

  // Elements
  label: HTMLLabelElement;
  input: HTMLTextAreaElement;
  edited: HTMLElement;
  chips: HTMLElement;
  announcement: HTMLElement;
  status: HTMLElement;
  translation: HTMLElement;
  notes: HTMLElement;
  changes: HTMLElement;
  view: HTMLElement;
  hint: HTMLElement;
  switches: HTMLElement;
  joinBox: HTMLInputElement;
  partSelect: HTMLSelectElement;
  headLine: HTMLElement;
  kindSelect: HTMLSelectElement;
  layerSelect: HTMLSelectElement;
  headSelect: HTMLSelectElement;
  considered: HTMLElement;
  best: HTMLElement;
  stepSelect: HTMLSelectElement;
  sourceSelect: HTMLSelectElement;
  modelNote: HTMLElement;
  modelChoices: HTMLInputElement[];
  pills: HTMLElement;
  directionSelect: HTMLSelectElement;
  slider: HTMLInputElement;
  heat: HTMLOutputElement;
  link: HTMLAnchorElement;
  paper: HTMLElement;
  loading: HTMLElement;
  loadingText: HTMLElement;
  loadingButton: HTMLButtonElement;
  progress: HTMLProgressElement;
  barLine: HTMLElement;
  barLabel: HTMLLabelElement;
  barFigures: HTMLElement;

  // panel.js
  start(host: HTMLElement, engine: Engine, ownsAddress: boolean): void;
  exampleTexts(): string[];
  greet(): void;
  run(quiet?: boolean): Promise<void>;
  expectDelay(turn: number): number;
  showMessage(text: string): void;
  fail(error: PanelError): void;
  describeSettings(): void;
  setLanguage(target: string, source: string): void;

  // controls.js
  build(): void;
  askForm(): HTMLElement;
  examples(): HTMLElement;
  fillExamples(): void;
  output(): HTMLElement;
  group(name: string, heading: string, ...parts: HTMLElement[]): HTMLElement;
  tools(): HTMLElement;
  select(name: string, label: string): [HTMLElement, HTMLSelectElement];
  attendGroup(): HTMLElement;
  modelGroup(): HTMLElement;
  heatGroup(): HTMLElement;

  // choices.js
  isEdited(): boolean;
  markEdited(): void;
  useModel(model: Model): void;
  useTemperature(temperature: number, replace?: boolean): void;
  slide(): void;
  drawAgain(): void;
  forget(): void;
  change(values: Settings, general?: boolean, replace?: boolean): void;
  begin(text: string, announce: boolean, settings?: Settings | null): void;
  clearRemarks(): void;
  writeChanges(): void;
  changeRow(text: string, buttons: Action[], number: number): HTMLElement;

  // directions.js
  directionField(): HTMLElement;
  modelsOf(direction?: string): Model[];
  describeDirection(): void;
  directionName(model: Model): string;
  translateIn(direction: string): void;
  clearResult(): void;

  // address.js
  address(): string;
  writeLink(): void;
  writeAddress(how: "push" | "replace"): void;
  followAddress(): void;
  readAddress(): boolean;
  settingsFrom(values: URLSearchParams): Settings;
  fitTo(found: Found): void;
  isForNow(): boolean;
  resultOfBeam(results: Translation[]): Translation | undefined;
  fitToResult(last: number): void;
  refuse(name: string, values: Settings): void;

  // notes.js
  writeNotes(best: Translation, found: Found): void;
  noteWords(best: Translation, found: Found, add: AddNote): void;
  noteNumbers(best: Translation, found: Found, add: AddNote): void;
  noteReferences(add: AddNote): void;
  noteLength(found: Found, add: AddNote): void;
  words(list: string[]): HTMLElement;
  omitted(best: Translation): number[];
  markLeftOut(best: Translation): void;
  announceResult(best: Translation): void;

  // result.js
  show(best: Translation, found: Found, turn: number): Promise<void>;
  writeWords(best: Translation, found: Found): HTMLElement[];
  writeSentence(best: Translation): HTMLElement[];
  mountView(best: Translation, found: Found): AttentionHandle | null;
  listen(how: "off" | "polite"): void;
  choose(side: AttentionSide, position: number): void;
  fillAttend(best: Translation, found: Found): void;
  attend(source: string): void;
  listConsidered(): void;
  listBeam(results: Translation[]): void;
  bar(share: number, text: string, number: string, pressed: boolean, act: () => void): HTMLElement;

  // view_words.js
  viewSwitches(): HTMLElement;
  describeSwitches(best: Translation, found: Found): void;
  viewWords(best: Translation, found: Found): ViewWords;
  redraw(): void;
  unit(): string;
  tokenName(token: string): string;
  wholeTranslation(best: Translation, found: Found): { shown: { text: string; unspaced: boolean }[]; spaces: string[] };
  wholeText(best: Translation, found: Found): string;

  // heads.js
  headSwitches(): HTMLElement;
  describeHeads(best: Translation, found: Found): void;
  chooseHeads(): Promise<void>;
  watchHeads(best: Translation, found: Found): Promise<void>;
  hasHead(found: Found): boolean;
  weightsOf(best: Translation): { kind: LookKind; weights: number[][] };
  sidesOf(kind: LookKind): { source: string; target: string; sourceLabel: string; targetLabel: string; caption: string };

  // loading.js
  loadingLine(): HTMLElement;
  speaker(): Model;
  choiceOf(): Model | null;
  describeLoading(): void;
  loadingWords(model: Model, small: boolean): LoadingWords;
  fetchChosen(demanded: boolean): Promise<void>;
  takeOver(): void;
  steadily<Result>(act: () => Result): Result;

  // layout.js
  growing(): void;
  grow(): void;
  reveal(): void;
  writePaper(best: Translation, found: Found): void;
  weightTable(best: Translation, found: Found): HTMLElement;
}

/** Add a note below the translation, made of texts and of words that are marked as words of the sentence. */
type AddNote = (...parts: (string | HTMLElement)[]) => void;

/** Methods of the panel that one script defines. */
type PanelMethods = Partial<Panel> & ThisType<Panel>;

interface S2sPanel {
  /** Methods of every panel. Each script of the panel adds its own. */
  methods: PanelMethods;
  mount(host: HTMLElement, engine: Engine, ownsAddress: boolean): void;
  make<Tag extends keyof HTMLElementTagNameMap>(
    tag: Tag, className?: string, text?: string | null, more?: Record<string, string>): HTMLElementTagNameMap[Tag];
  keepFocus<Result>(container: HTMLElement, build: () => Result): Result;
  /** Fill a select with pairs of a value and a text. */
  offer(select: HTMLSelectElement, entries: string[][], value: string, disabled: boolean): void;
  percent(share: number): string;
  quoted(word: string): string;
  spoken(word: string): string;
  shorten(text: string, most: number): string;
  /** Return the English name of a language, or other words if it is not known. */
  languageName(code: string, otherwise: string): string;
  BEAM: number;
  MOST_CHARACTERS: number;
}

interface Window {
  s2sAttentionView: AttentionView;
  s2sParts: ((scope: Scope) => void)[];
  s2sText: S2sText;
  s2sUnicode: S2sUnicode;
  s2sPieces: S2sPieces;
  s2sSentences: S2sSentences;
  s2sRules: S2sRules;
  s2sReader: { Reader: new (description: Description, srcSize: number, tgtSize: number) => Reader };
  s2sTensors: S2sTensors;
  s2sMatrix: S2sMatrix;
  s2sWeights: { Weights: new (bytes: Uint8Array) => Weights };
  s2sNetwork: { RecurrentNetwork: new (weights: Weights) => Network };
  s2sTransformer: S2sTransformer;
  s2sDrawing: S2sDrawing;
  s2sHonesty: S2sHonesty;
  s2sSearch: S2sSearch;
  s2sWorker: { serve(): void };
  s2sPanel: S2sPanel;
  s2sModel(base64: string): void;
  s2sManifest: { models: Model[] };
}

/** A browser may report that its reader saves data. */
interface Navigator {
  connection?: { saveData?: boolean };
}

// Sphinx's search (searchtools.js)

type SearchResult = [page: string, title: string, anchor: string, description: string | null, score: number, file: string, kind: string];

interface SearchIndex {
  glossary: Record<string, [number, string | null][]>;
  alltitles: Record<string, [number, string | null][]>;
  indexentries: Record<string, unknown>;
}

declare var Search: {
  setIndex(index: SearchIndex): void;
  _performSearch(...query: unknown[]): SearchResult[];
  htmlToText(html: string, anchor: string): string;
};
