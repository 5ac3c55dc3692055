// State of the page, and the stream of changes that keeps it up to date.

const NEWEST = 200;
const state = { endpoints: [], deliveries: [], requests: [], faults: [], totals: { deliveries: 0, requests: 0 } };

const lists = {
  endpoints: new KeyedList(byId("endpoint-list"), endpointEntry),
  deliveries: new KeyedList(byId("delivery-list"), deliveryEntry),
  requests: new KeyedList(byId("request-list"), requestEntry),
  switches: new KeyedList(byId("switches"), (entry) => switchEntry(entry, () => state.faults)),
  faults: new KeyedList(byId("other-faults"), otherFaultEntry),
};

function showAddresses({ title, base_url, organization_id }) {
  document.title = byId("title").textContent = `${title} test server`;
  const address = (label, text) => h("p", {}, h("span", { class: "soft" }, label),
    h("code", {}, text), copyButton(label, () => text));
  byId("addresses").replaceChildren(address("URL", base_url), address("Organization", organization_id));
}

function showCounts() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const name of ["endpoints", "deliveries", "requests"]) {
    const left = lists[name].filter(words);
    const total = name === "endpoints" ? state.endpoints.length : state.totals[name];
    setText(byId(name).querySelector(".count"), words.length ? `${left} of ${total}` : String(total));
  }
}

function show() {
  lists.endpoints.show(state.endpoints);
  lists.deliveries.show(state.deliveries);
  lists.requests.show(state.requests);
  lists.switches.show(SWITCHES);
  const switched = new Set(SWITCHES.map((entry) => faultOf(entry, state.faults)).filter(Boolean).map((fault) => fault.id));
  lists.faults.show(state.faults.filter((fault) => !switched.has(fault.id)));
  showLimit(state.limit, state.totals);
  showClock(state.clock);
  showCounts();
}

/** Merge changed items, newest first, into a list. */
function merge(before, changes) {
  const changed = new Map(changes.map((item) => [item.id, item]));
  const kept = before.map((item) => {
    const newer = changed.get(item.id);
    changed.delete(item.id);
    return newer ?? item;
  });
  return [...changed.values(), ...kept].slice(0, NEWEST);
}

function apply(changes) {
  const totals = changes.totals ?? state.totals;
  for (const name of ["deliveries", "requests"]) {
    if (totals[name] < state.totals[name]) state[name] = []; // a reset
    if (changes[name]) state[name] = merge(state[name], changes[name]);
  }
  for (const name of ["endpoints", "faults", "totals", "limit", "clock"]) {
    if (changes[name]) state[name] = changes[name];
  }
  show();
}

function setConnection(kind, text) {
  const connection = byId("connection");
  connection.className = `chip ${kind}`;
  setText(connection, text);
}

function connect() {
  const events = new EventSource("/_test/events");
  events.addEventListener("state", (event) => {
    Object.assign(state, JSON.parse(event.data));
    showAddresses(state.service);
    setConnection("live", "live");
    show();
  });
  events.addEventListener("change", (event) => apply(JSON.parse(event.data)));
  events.addEventListener("error", () => setConnection("lost", "disconnected"));
}

byId("search").addEventListener("input", showCounts);
byId("reset").addEventListener("click", async () => {
  if (await control("POST", "/_test/reset")) say("Deliveries, requests and faults are cleared");
});
byId("add-endpoint").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(event.target);
  const added = await control("POST", "/_test/endpoints", { url: fields.get("url"), name: fields.get("name") });
  if (added) {
    event.target.reset();
    say(`Added the endpoint ${added.name}`);
  }
});
for (const [label, seconds] of [["+1 s", 1], ["+10 s", 10], ["+1 min", 60], ["+1 h", 3600]]) {
  byId("clock-buttons").append(h("button", { type: "button", "aria-label": `Advance the clock by ${label.slice(1)}`,
    click: () => control("POST", "/_test/clock", { advance: seconds }) }, label));
}
for (const name of ["outage", "flapping", "slow", "throttled", "lost_responses"]) {
  byId("scenario-buttons").append(h("button", { type: "button", class: "small",
    click: () => control("POST", "/_test/scenarios", { name, seconds: 30 }) }, name.replace("_", " ")));
}
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "Escape" && event.target === byId("search")) {
    byId("search").value = "";
    showCounts();
  }
});
connect();
