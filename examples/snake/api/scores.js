var _ = require("lodash")
var ds = fazt.storage.ds

// The board has 24 × 24 cells, 3 of which the snake has from the beginning.
var most = 24 * 24 - 3

ds.index("scores", "score")

module.exports = {
  best: function () {
    return ds.find("scores", {}, { sort: { score: -1 }, order: "asc", limit: 10 }).map(function (entry) {
      return _.pick(entry, ["id", "name", "score"])
    })
  },

  placeOf: function (score) {
    return ds.count("scores", { score: { $gt: score } }) + 1
  },

  problemOf: function (body) {
    if (!_.isPlainObject(body) || !_.isString(body.name) || !_.inRange(body.name.trim().length, 1, 21)) return "A name has 1 to 20 characters."
    if (!_.isInteger(body.score) || !_.inRange(body.score, 1, most + 1)) return "A score is a whole number from 1 to " + most + "."
    return undefined
  },

  save: function (name, score) {
    return { id: ds.insert("scores", { name: name, score: score }), name: name, score: score }
  },
}
