// A client whose types are generated from the server's OpenAPI document: it registers a person and reads
// their status, a list and a figure. What the types do not allow does not compile.
declare const process: { argv: string[] };
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [baseUrl, token, programme] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

function known<T>(what: string, answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(`${what}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

function same(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${found} is not ${expected}`);
}

const registration: components["schemas"]["RegisterCommand"] = {
  occurred_on: "2022-01-10",
  programme,
  office: "segou-1",
  region: "segou",
  intake: "open_call",
  channel: "office",
  sex: "female",
  birth_year: 1998,
  education: "3",
  displaced: false,
  consent: { scope: "programme", text_version: "v1", method: "written" },
  identity: { name: "Personne Inventée", phone: "70 00 00 01" },
};
const registered = known("register", await client.POST("/v1/beneficiaries", { body: registration }));
same("version", registered.version, 1);

const id = registered.id;
const status = known("status", await client.GET("/v1/beneficiaries/{id}", { params: { path: { id } } }));
same("stage", status.stage, "idea");
same("reference", status.reference, registered.reference);

const header = { "Sira-Min-Position": registered.position };
const query = { region: "segou" as const, limit: 10 };
const list = known("list", await client.GET("/v1/beneficiaries", { params: { query, header } }));
same("listed", list.items.filter((item) => item.id === id).length, 1);

const asked = { name: ["registered" as const], group_by: ["sex" as const] };
const figures = known(
  "figures",
  await client.GET("/v1/analytics/indicators", {
    params: { query: asked, header },
    querySerializer: { array: { style: "form", explode: false } },
  }),
);
// As JSON; the other formats of a figure are texts.
if (typeof figures === "string") throw new Error("no JSON");
const row = figures.rows.find((row) => "sex" in row && row["sex"] === "female");
same("value", row && "value" in row ? row.value : undefined, 1);

const wrong = await client.POST("/v1/beneficiaries", { body: { ...registration, office: "Ségou" } });
same("problem", wrong.error && wrong.error.type, "/problems/invalid-body");
console.log("ok", id);
