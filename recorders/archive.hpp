#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "recorders/hdf5_file.hpp"

namespace apical {

/// The state of a run in a file: kept, or given back; or only looked at. Objects name what they must remember
/// once, for all of these,
///
///     void persist(Archive& archive) {
///         archive("now", now_);
///         archive("draws", std::span(draws_));
///     }
///
/// and get it back into a network that was built from the same configuration: what does not change in a run
/// is no state. Numbers are kept to the last bit. If the file has not what is asked for: a DataError.
class Archive {
public:
    /// Raise it with every change of what any object keeps.
    static constexpr std::uint32_t format = 6;

    enum class Direction { keep, give_back };
    Archive(Hdf5File& file, Direction direction) : file_(&file), direction_(direction) {}

    /// Without a file: looks for a number that is not finite, but among parameters and in queues, where that
    /// stands for none.
    Archive() = default;
    struct NotFinite {
        std::string name;   ///< and those of the groups that it is in, between slashes
        std::size_t index;  ///< in its list
        double value;
    };
    /// The first one found.
    const std::optional<NotFinite>& not_finite() const { return not_finite_; }

    bool gives_back() const { return file_ != nullptr && direction_ == Direction::give_back; }

    /// A number, time, truth value, enumerator or text; an optional one; a vector of numbers, which gets the
    /// length that it had; an object with persist() or a pointer to one, as a group of its own.
    template <class T>
    void operator()(const std::string& name, T& value) {
        if constexpr (requires { value.persist(*this); }) {
            group(name, [&] { value.persist(*this); });
        } else if constexpr (requires { value->persist(*this); }) {
            group(name, [&] { value->persist(*this); });
        } else if constexpr (requires { value.has_value(); }) {
            bool known = value.has_value();
            number(name + "_known", known);
            if (gives_back()) value = known ? T{std::in_place} : T{};
            if (known) (*this)(name, *value);
        } else if constexpr (requires { value.get_allocator(); } && !std::is_same_v<T, std::string>) {
            if (gives_back()) value.clear();
            column(
                value, name, [](auto& element) -> auto& { return element; });
        } else {
            number(name, value);
        }
    }

    /// Numbers, or structs of doubles, of which there are as many as before.
    template <class T, std::size_t extent>
    void operator()(const std::string& name, std::span<T, extent> values) {
        as_many(name, values, [&](auto& list) { (*this)(name, list); });
    }
    void operator()(const std::string& name, std::vector<bool>& values) {
        std::vector<std::uint8_t> copy(values.begin(), values.end());
        (*this)(name, std::span(copy));
        values.assign(copy.begin(), copy.end());
    }

    /// Numbers by name; gets the names that it had.
    template <class T>
    void operator()(const std::string& name, std::map<std::string, T>& values) {
        group(name, [&] {
            if (gives_back()) {
                for (const std::string& key : file_->children(group_)) values[key] = {};
            }
            for (auto& [key, value] : values) group(key, [&, &v = value] { number("value", v); });
        });
    }

    /// Objects with persist(), as many as before.
    template <class Objects>
    void each(const std::string& name, Objects& objects) {
        group(name, [&] {
            std::uint64_t count = objects.size();
            number("count", count);
            expect(name, count, objects.size());
            std::size_t i = 0;
            for (auto& object : objects) (*this)(std::to_string(i++), object);
        });
    }

    /// Structs, member by member: columns("list", list, "first", &S::first, "second", &S::second). A vector
    /// gets the length that it had; of what a span views there are as many as before.
    template <class Struct, class... NamesAndMembers>
    void columns(const std::string& name, std::vector<Struct>& list, NamesAndMembers... members) {
        group(name, [&] {
            if (gives_back()) list.clear();
            next_column(list, members...);
        });
    }
    template <class Struct, class... NamesAndMembers>
    void columns(const std::string& name, std::span<Struct> values, NamesAndMembers... members) {
        as_many(name, values, [&](auto& list) { group(name, [&] { next_column(list, members...); }); });
    }

    /// The same of a queue, of which [next, end) is still to come.
    template <class Struct, class... NamesAndMembers>
    void queue(const std::string& name, std::vector<Struct>& list, std::size_t& next,
               NamesAndMembers... members) {
        if (file_ == nullptr) return;
        list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(next));
        next = 0;
        columns(name, list, members...);
    }

    /// What members() names, in a group.
    template <class Members>
    void group(const std::string& name, const Members& members) {
        const std::string outside = std::exchange(group_, group_ + "/" + name);
        if (file_ != nullptr) gives_back() ? require(group_) : file_->create_group(group_);
        members();
        group_ = outside;
    }

    /// The parameters of a model or a rule.
    template <class Struct>
    void fields(const std::string& name, Struct& parameters) {
        if constexpr (requires { parameters.*(Struct::fields.front().member); }) {
            if (file_ == nullptr) return;
            group(name, [&] {
                for (const auto& field : Struct::fields)
                    number(std::string(field.name), parameters.*(field.member));
            });
        }
    }

private:
    /// How a value is kept: times as ticks, truth values and enumerators as small integers.
    template <class T>
    static auto kept(const T& value) {
        if constexpr (std::is_same_v<T, Time>) {
            return value.time_since_epoch().count();
        } else if constexpr (std::is_same_v<T, Duration>) {
            return value.count();
        } else if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
            return static_cast<std::uint8_t>(value);
        } else if constexpr (std::is_same_v<T, int>) {
            return std::int64_t{value};
        } else {
            return value;
        }
    }
    template <class T, class Kept>
    static T given_back(const Kept& value) {
        if constexpr (std::is_same_v<T, Time>) {
            return Time{Duration{value}};
        } else {
            return static_cast<T>(value);
        }
    }

    template <class T>
    void number(const std::string& name, T& value) {
        using Kept = decltype(kept(value));
        if (file_ == nullptr) return look(name, std::span(&value, 1));
        if constexpr (std::is_same_v<T, std::string>) {
            if (!gives_back()) return file_->set(object(), name, value);
            value = found(name, file_->text(object(), name));
        } else {
            if (!gives_back()) return file_->set(object(), name, kept(value));
            value = given_back<T>(found(name, file_->number<Kept>(object(), name)));
        }
    }

    /// A dataset with one member of each struct of a list; `of(element)` is the member.
    template <class Struct, class Of>
    void column(std::vector<Struct>& list, const std::string& name, const Of& of) {
        using Member = std::remove_reference_t<decltype(of(list.front()))>;
        constexpr bool is_time = std::is_same_v<Member, Time> || std::is_same_v<Member, Duration>;
        if constexpr (std::is_class_v<Member> && !is_time) {
            static_assert(sizeof(Member) % sizeof(double) == 0);
            using Doubles = std::array<double, sizeof(Member) / sizeof(double)>;
            std::vector<double> numbers;
            numbers.reserve(list.size() * Doubles{}.size());
            for (Struct& element : list) {
                const auto doubles = std::bit_cast<Doubles>(of(element));
                numbers.insert(numbers.end(), doubles.begin(), doubles.end());
            }
            transfer(name, numbers);
            make_room(name, list, numbers.size() / Doubles{}.size());
            auto next = numbers.begin();
            for (Struct& element : list) {
                Doubles doubles;
                for (double& number : doubles) number = *next++;
                of(element) = std::bit_cast<Member>(doubles);
            }
        } else {
            std::vector<decltype(kept(of(list.front())))> numbers;
            numbers.reserve(list.size());
            for (Struct& element : list) numbers.push_back(kept(of(element)));
            transfer(name, numbers);
            make_room(name, list, numbers.size());
            for (std::size_t i = 0; i < list.size(); ++i) of(list[i]) = given_back<Member>(numbers[i]);
        }
    }

    template <class Struct, class Member, class... Rest>
    void next_column(std::vector<Struct>& list, const char* name, Member Struct::*member, Rest... rest) {
        column(
            list, name, [member](Struct & element) -> auto& { return element.*member; });
        if constexpr (sizeof...(rest) > 0) next_column(list, rest...);
    }

    template <class Struct>
    void make_room(const std::string& name, std::vector<Struct>& list, std::size_t count) const {
        if (gives_back() && list.empty()) list.resize(count);
        expect(name, count, list.size());
    }

    template <class T, std::size_t extent, class Transfer>
    void as_many(const std::string& name, std::span<T, extent> values, const Transfer& transfer_list) {
        std::vector<T> list(values.begin(), values.end());
        transfer_list(list);
        expect(name, list.size(), values.size());
        std::copy(list.begin(), list.end(), values.begin());
    }

    template <class T>
    void transfer(const std::string& name, std::vector<T>& numbers) {
        const std::string dataset = group_ + "/" + name;
        if (file_ == nullptr) return look(name, std::span(numbers));
        if (!gives_back()) return file_->write(dataset, {numbers.size()}, numbers);
        require(dataset);
        numbers = file_->read<T>(dataset);
    }

    template <class T>
    void look([[maybe_unused]] const std::string& name, [[maybe_unused]] std::span<T> numbers) {
        if constexpr (std::is_floating_point_v<T>) {
            const auto found =
                std::find_if(numbers.begin(), numbers.end(), [](T x) { return !std::isfinite(x); });
            if (found == numbers.end() || not_finite_) return;
            not_finite_ = {group_ + "/" + name, static_cast<std::size_t>(found - numbers.begin()),
                           double{*found}};
        }
    }

    template <class T>
    T found(const std::string& name, std::optional<T> value) const {
        if (!value) missing(object() + ": " + name);
        return *std::move(value);
    }

    std::string object() const { return group_.empty() ? "/" : group_; }
    void require(const std::string& name) const;
    void expect(const std::string& name, std::uint64_t found, std::uint64_t expected) const;
    [[noreturn]] void missing(const std::string& name) const;

    Hdf5File* file_ = nullptr;
    Direction direction_ = Direction::keep;
    std::string group_;  ///< where we are; the root is empty
    std::optional<NotFinite> not_finite_;
};

}  // namespace apical
