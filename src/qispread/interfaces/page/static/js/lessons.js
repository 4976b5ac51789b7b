// The list of lessons, and the lesson named in the URL.
import { byId, element } from "./dom.js";
import { Lesson } from "./lesson.js";

export const isLesson = (hash) => /^#lessons?\b/.test(hash);

export function openLessons({ lessons, file }, api, onError) {
  byId("explore").hidden = byId("more").hidden = byId("about").hidden = true;
  byId("views").hidden = Boolean(file?.only);
  byId("view-lessons").setAttribute("aria-current", "page");
  const parent = byId("lesson");
  parent.hidden = false;
  document.querySelector(".skip").href = "#lesson";
  const parameters = new URLSearchParams(location.hash.slice(1));
  const name = parameters.get("lesson") ?? (file?.only ? lessons[0].name : null);
  const lesson = lessons.find((candidate) => candidate.name === name);
  if (lesson) new Lesson(lesson, lessons, parameters, api, { parent, onError, file });
  else showList(lessons, parent, parameters.get("lesson"));
}

function showList(lessons, parent, unknown) {
  document.title = "qispread: six lessons";
  const cards = lessons.map(({ name, number, title, minutes, story, budget }) =>
    element("li", {},
      element("a", { href: `#lesson=${name}` }, `${number}. ${title}`),
      element("p", {}, story[0]),
      element("p", { class: "small" }, `${minutes.total} minutes${budget ? ", with a budget game" : ""}`)));
  parent.replaceChildren(
    element("h1", {}, lessons.length === 1 ? "A lesson: predict, run, explain" : "Six lessons: predict, run, explain"),
    element("p", { class: "lead" }, "In each lesson the class first predicts a result. Then the model runs 200 simulations, and the class looks for the one change that matters most."),
    ...(unknown ? [element("p", { role: "alert" }, `There is no lesson named ${unknown.slice(0, 40)}.`)] : []),
    element("ol", { class: "cards" }, ...cards),
    element("p", { class: "small" }, "Nothing is stored: the answers of a class are part of the address of its page."));
}
